# SPDX-License-Identifier: GPL-2.0-or-later
"""The images in the repository are what their sources give."""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from guest_kernel.native import build
from guest_kernel.native.shipped import IMAGES, image_path

PARAMETER_AREA = range(0x10400, 0x11000)
TEST_PAGES = 0x100000


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with freshly built images."""
    pytest.importorskip("ziglang", reason="the compiler is a development dependency")
    assert build.compiler_version() == build.COMPILER_VERSION, "the images were made with another version of ziglang"
    directory: Path = tmp_path_factory.mktemp("images")
    build.build(directory)
    return directory


@pytest.mark.parametrize("name", build.programs())
def test_rebuilding_gives_the_same_bytes(rebuilt: Path, name: str) -> None:
    built, kept = (image_path(name, directory).read_bytes() for directory in (rebuilt, IMAGES))
    assert built == kept, f"{name}: run python -m guest_kernel.native.build and commit the image"


@pytest.mark.parametrize("name", build.programs())
def test_nothing_of_the_building_machine_is_in_an_image(name: str) -> None:
    image = image_path(name).read_bytes()
    assert str(build.HERE).encode() not in image
    assert b"clang" not in image
    with image_path(name).open("rb") as file:
        assert not [section.name for section in ELFFile(file).iter_sections() if "note" in section.name]


@pytest.mark.parametrize("name", build.programs())
def test_layout(name: str) -> None:
    """Code and data lie on different pages, clear of the loader's parameters and below the test pages."""
    with image_path(name).open("rb") as file:
        elf = ELFFile(file)
        assert elf["e_machine"] == "EM_S390"
        assert elf["e_entry"] == 0x10000
        code, data = elf.iter_segments("PT_LOAD")
        assert code["p_flags"] == 5
        assert data["p_flags"] == 6
        assert data["p_paddr"] % 4096 == 0
        assert data["p_paddr"] + data["p_memsz"] <= TEST_PAGES
        head = code.data()[PARAMETER_AREA.start - code["p_paddr"] : PARAMETER_AREA.stop - code["p_paddr"]]
        assert not any(head)


def test_only_programs_with_more_cpus_have_the_code_for_them() -> None:
    with_it = [name for name in build.programs() if b"\0smp_run\0" in image_path(name).read_bytes()]
    assert with_it == ["pressure"]
