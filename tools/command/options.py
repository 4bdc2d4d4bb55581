# SPDX-License-Identifier: GPL-2.0-or-later
"""The options that describe a machine and its host, which several subcommands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from tools.machines.configuration import Configuration

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="An ELF64 executable, a Linux kernel image, a bare image; or debian (see essa fetch).",
        show_default=False,
    ),
]
Memory = Annotated[str, typer.Option(metavar="SIZE", help="Absolute storage, a multiple of 1M.")]
Cpus = Annotated[int, typer.Option(metavar="N", help="How many CPUs, 1 to 248.")]
Ramdisk = Annotated[
    str | None, typer.Option("--initrd", metavar="FILE", help="The initial RAM disk of a Linux kernel.")
]
CommandLine = Annotated[
    str | None,
    typer.Option(
        "--cmdline",
        metavar="TEXT",
        help="Command line of the program, at 0x10480; of several guests, {guest} becomes the number of each.",
    ),
]
Disks = Annotated[
    list[str] | None,
    typer.Option(
        "--disk",
        metavar="FILE[:rw]",
        help="A virtio disk with this image, read-only unless :rw is said; may be repeated. Several guests share them.",
    ),
]
ProfileName = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Whose ESSA: zvm (discard faults), kvm, or off.")
]
WithFacility = Annotated[
    list[int] | None, typer.Option("--facility", metavar="BIT", help="Install this facility; may be repeated.")
]
WithoutFacility = Annotated[
    list[int] | None, typer.Option("--no-facility", metavar="BIT", help="Do not install it; may be repeated.")
]
GuestName = Annotated[str, typer.Option("--name", metavar="TEXT", help="The guest's name, as STSI 3.2.2 shows it.")]
GuestUuid = Annotated[
    str | None, typer.Option("--uuid", metavar="UUID", help="The guest's UUID, as STSI 3.2.2 shows it.")
]
_HOST = "The host"
Guests = Annotated[
    int, typer.Option(metavar="N", help="How many guests run the image, in turn, on one host.", rich_help_panel=_HOST)
]
HostMemory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="The host's real storage; by default it has all that the guests may want."),
]
PagingFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="The paging device; by default an unnamed file, gone at the end."),
]
PagingSize = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="How much the paging device holds; by default all pages of the guests."),
]
PolicyName = Annotated[
    str, typer.Option("--policy", metavar="NAME", help="Which pages go first: lru, unused-first or volatile-first.")
]
PlanFile = Annotated[
    str | None, typer.Option("--plan", metavar="FILE", help="Pressure and faults on purpose, as TOML; see host/README.")
]
Monitor = Annotated[
    bool, typer.Option("--monitor", help="Watch the guests and ask them for pages, as a balloon does (SMSG SHRINK n).")
]
ResidentUnused = Annotated[
    bool,
    typer.Option(
        "--allow-resident-unused", help="Let an unused page be accessed while it still has its frame (z/VM profile)."
    ),
]
SampleEvery = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Record the table of page states every N units of work (JSON: series)."),
]


def describe_machine(
    image: Image,
    memory: Memory = "256M",
    cpus: Cpus = 1,
    cmdline: CommandLine = None,
    initrd: Ramdisk = None,
    disk: Disks = None,
    profile: ProfileName = "zvm",
    facility: WithFacility = None,
    no_facility: WithoutFacility = None,
    name: GuestName = "guest",
    uuid: GuestUuid = None,
    guests: Guests = 1,
    host_memory: HostMemory = None,
    paging_file: PagingFile = None,
    paging_size: PagingSize = None,
    policy: PolicyName = "lru",
    plan: PlanFile = None,
    monitor: Monitor = False,
    allow_resident_unused: ResidentUnused = False,
    sample_every: SampleEvery = None,
) -> Configuration:
    """The configuration that the options describe.

    :raises UsageError: naming the option and what was expected.
    """
    from tools.machines.configuration import configure
    from tools.machines.hosting import configure_host

    return configure(
        image,
        ramdisk=initrd,
        memory=memory,
        cpus=cpus,
        command_line=cmdline,
        disks=disk or (),
        profile=profile,
        with_facilities=facility or (),
        without_facilities=no_facility or (),
        name=name,
        uuid=uuid,
        guests=guests,
        host=configure_host(
            host_memory,
            paging_file=paging_file,
            paging_size=paging_size,
            policy=policy,
            plan=plan,
            monitor=monitor,
            allow_resident_unused=allow_resident_unused,
            sample_every=sample_every,
        ),
    )


def with_machine(command: Callable[..., None]) -> Callable[..., None]:
    """A subcommand with the options of :func:`describe_machine` in place of its first parameter, a configuration."""
    described = inspect.signature(describe_machine).parameters
    own = list(inspect.signature(command).parameters.values())[1:]

    def run(**values: Any) -> None:
        configuration = describe_machine(**{name: values[name] for name in described})
        command(configuration, **{parameter.name: values[parameter.name] for parameter in own})

    hints = get_type_hints(describe_machine, include_extras=True, localns={"Configuration": object})
    hints |= get_type_hints(command, include_extras=True, localns={"Configuration": object})
    names = [*described, *(parameter.name for parameter in own)]
    defaults = {**described, **{parameter.name: parameter for parameter in own}}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name].default, annotation=hints[name]
            )
            for name in names
        ]
    )
    run.__annotations__ = {name: hints[name] for name in names}
    # The name of the subcommand.
    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    return run
