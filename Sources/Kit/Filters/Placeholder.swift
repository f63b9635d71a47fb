// replaced when the module is written
