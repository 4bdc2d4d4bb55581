"""The architecture: an emulator of z/Architecture in which page hinting (ESSA) is real."""
