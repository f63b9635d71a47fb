import Commands

JidokaProgram.main()
