# SPDX-License-Identifier: GPL-2.0-or-later
"""Which suites there are; what one consists of is loaded when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.conform.suites import SuiteDeclaration

if TYPE_CHECKING:
    from tools.conform.architecture.options import ArchitectureOptions
    from tools.conform.elf.options import ElfOptions
    from tools.conform.hyperion.options import HyperionOptions
    from tools.conform.linux.options import LinuxOptions
    from tools.conform.options import ConformOptions, DirectoryOptions
    from tools.conform.suites import Suite


def _directory_options() -> type[ConformOptions]:
    from tools.conform.options import DirectoryOptions

    return DirectoryOptions


def _architecture_options() -> type[ConformOptions]:
    from tools.conform.architecture.options import ArchitectureOptions

    return ArchitectureOptions


def _architecture(options: ArchitectureOptions) -> Suite:
    from tools.conform.architecture.suite import ArchitectureSuite

    return ArchitectureSuite(options)


def _architecture_machine(options: ArchitectureOptions) -> str | None:
    from tools.conform.architecture.qemu import version

    return None if options.on is None else version(options.on)


def _kvm_unit_tests(options: DirectoryOptions) -> Suite:
    from tools.conform.kvm_unit_tests.suite import KvmUnitTests

    return KvmUnitTests(options)


def _elf_options() -> type[ConformOptions]:
    from tools.conform.elf.options import ElfOptions

    return ElfOptions


def _elf(options: ElfOptions) -> Suite:
    from tools.conform.elf.suite import ElfSuite

    return ElfSuite(options)


def _hyperion_options() -> type[ConformOptions]:
    from tools.conform.hyperion.options import HyperionOptions

    return HyperionOptions


def _hyperion(options: HyperionOptions) -> Suite:
    from tools.conform.hyperion.suite import HyperionSuite

    return HyperionSuite(options)


def _linux_options() -> type[ConformOptions]:
    from tools.conform.linux.options import LinuxOptions

    return LinuxOptions


def _linux(options: LinuxOptions) -> Suite:
    from tools.conform.linux.suite import LinuxSuite

    return LinuxSuite(options)


SUITES: Final = (
    SuiteDeclaration(
        "architecture",
        "What the architecture demands, rule by rule: bare-metal images, run here freely and stepped, or elsewhere.",
        _architecture_options,
        _architecture,
        machine=_architecture_machine,
    ),
    SuiteDeclaration(
        "kvm-unit-tests",
        "Every program of a build directory of kvm-unit-tests for s390x, as its unittests.cfg says.",
        _directory_options,
        _kvm_unit_tests,
    ),
    SuiteDeclaration(
        "elf",
        "The ELF files of a directory: a disabled wait at 0xFFF is passed and at 0 failed, as QEMU's guest tests end.",
        _elf_options,
        _elf,
    ),
    SuiteDeclaration(
        "hyperion",
        "The test scripts (*.tst) of SDL Hyperion.",
        _hyperion_options,
        _hyperion,
        known=Path(__file__).with_name("hyperion") / "known.toml",
    ),
    SuiteDeclaration(
        "linux",
        "The static Linux programs of a directory, inside Debian's kernel: their exit statuses.",
        _linux_options,
        _linux,
    ),
)
