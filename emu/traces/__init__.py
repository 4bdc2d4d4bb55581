# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces of what machines did: what is in them, the file, and how something in it is found."""
