"""Which files of a folder are read, and which source each of them is: pure decisions."""
