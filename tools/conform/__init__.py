# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformance suites, the project's own and others', and reports of what they come to."""
