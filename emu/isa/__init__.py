"""The instruction set: formats, declarations, and one file of instruction functions per chapter of the manual."""
