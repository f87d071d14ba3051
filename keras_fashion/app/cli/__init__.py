"""The command line: thin, and without TensorFlow until a command needs it."""
