"""click's commands and options, speaking the language in force.

A verb is built when it is asked for, so that its words are those of the moment and `cemfa --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

from cemfa import locale
from cemfa.cli import usage
from cemfa.errors import CemfaError, Problem

VERBS: Final = (
    "list", "check", "solve", "simulate", "compare", "report", "observe", "monitor", "graph", "sankey", "sensitivity",
    "new", "export", "import", "schema",
)  # fmt: skip
_HEADINGS: Final = {"Options": "help.options", "Commands": "help.commands"}


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or locale.text("help.usage"))

    def write_heading(self, heading: str) -> None:
        super().write_heading(locale.text(_HEADINGS[heading]) if heading in _HEADINGS else heading)


class _Context(click.Context):
    formatter_class = _Formatter


class Verb(click.Command):
    """One verb: its help is `help.<name>`, its language can be chosen, its callback returns the exit code."""

    context_class = _Context

    def __init__(self, name: str, callback: Callable[..., int | None], params: Sequence[click.Parameter]) -> None:
        super().__init__(
            name,
            callback=callback,
            params=[*params, language(), _help()],
            help=locale.text(f"help.{name}"),
            options_metavar=locale.text("help.options-metavar"),
            add_help_option=False,
        )


class Verbs(click.Group):
    """The group of all verbs, each loaded from the file of its name when asked for."""

    context_class = _Context

    def __init__(self) -> None:
        super().__init__(
            "cemfa",
            params=[language(), _version(), _help()],
            help=locale.text("help.cemfa"),
            options_metavar=locale.text("help.options-metavar"),
            subcommand_metavar=locale.text("help.commands-metavar"),
            add_help_option=False,
            no_args_is_help=False,
            invoke_without_command=True,
            callback=_help_unless_a_verb_follows,
        )

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return a verb, built in the language in force."""
        if cmd_name not in VERBS:
            return None
        file = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        verb: click.Command = import_module(f"cemfa.cli.{file}").command()
        return verb

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the verbs without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, locale.text(f"help.{verb}")) for verb in VERBS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb and the words after it; a word that is no verb is answered with those that are near."""
        if args[0] not in VERBS and not ctx.resilient_parsing:
            near = usage.near(args[0], list(VERBS))
            raise locale.error(CemfaError, Problem("usage-verb-unknown", parameters={"verb": args[0], "near": near}))
        return super().resolve_command(ctx, args)


def option(*names: str, key: str | None = None, **settings: Any) -> click.Option:
    """Return an option whose help is `help.opt-<key>`; the key is its long name unless given."""
    return click.Option(names, help=locale.text(f"help.opt-{key or names[0].lstrip('-')}"), **settings)


def one_of(*words: str) -> dict[str, Any]:
    """Return the settings of an option or argument that takes one of some words; the shell completes them."""

    def checked(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is None or value in words:
            return value
        raise click.BadParameter(locale.text("cli.choice", value=value, words=words), ctx, param)

    def completed(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
        return [word for word in words if word.startswith(begun)]

    return {"callback": checked, "shell_complete": completed, "metavar": "|".join(words)}


def whole(least: int) -> dict[str, Any]:
    """Return the settings of an option that takes a whole number from `least` on."""

    def checked(ctx: click.Context, param: click.Parameter, value: str | int | None) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if value.isascii() and value.removeprefix("-").isdigit() and len(value) < 19 and int(value) >= least:
            return int(value)
        raise click.BadParameter(locale.text("cli.whole", value=value, least=least), ctx, param)

    return {"callback": checked, "metavar": "N", "type": click.UNPROCESSED}


def language() -> click.Option:
    """Return `--lang`: read beforehand from all words, here it is only checked and explained."""
    return option("--lang", expose_value=False, **one_of(*locale.LANGUAGES))


def _help_unless_a_verb_follows() -> int:
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return 2
    return 0


def _help() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
        if asked and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    return option("--help", is_flag=True, is_eager=True, expose_value=False, callback=show)


def _version() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
        if asked and not ctx.resilient_parsing:
            import cemfa

            click.echo(f"cemfa {cemfa.__version__}")
            ctx.exit()

    return option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show)
