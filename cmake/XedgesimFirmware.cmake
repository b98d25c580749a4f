# The firmware under firmware/ is built by its own Makefile with the Arm cross compiler.
