# SPDX-License-Identifier: GPL-2.0-or-later
"""Recording a trace while the engines run freely."""
