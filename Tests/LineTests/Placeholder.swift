// replaced when the tests are written
