"""The application on top of the library: run folders, training, command line and report."""
