"""Bare-metal s390x programs of our own, and how they are built."""
