"""What the exported graphs compute: a file for each group of signatures, and what they share."""
