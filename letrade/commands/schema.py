"""`letrade schema`: JSON Schema of messages and of requests, without a desk."""

from __future__ import annotations

import click

from letrade.commands import options


@click.command("schema")
@click.argument("kind", required=False)
@click.option("--verb", metavar="NAME", help="Of a request and its answer, such as status.")
@click.option("--all", "everything", is_flag=True, help="Of all kinds of messages, in one schema.")
@options.as_json
def schema(kind: str | None, verb: str | None, everything: bool, as_json: bool) -> int:
    """Print the JSON Schema of a KIND of message, such as fill; without one, the names of all.

    A running desk answers the same: nats req letrade.main.req.schema '{"kind": "fill"}'

    \b
      letrade schema fill
      letrade schema --verb status
      letrade schema --all > letrade.schema.json
    """
    import msgspec

    from letrade.core.engine.verb_schemas import schema_of
    from letrade.core.errors import DataError, UsageError

    if everything and kind is not None:
        raise UsageError(f"expected a kind or --all, found both: {kind!r}")
    try:
        found = schema_of("*" if everything else kind, verb)
    except DataError as error:
        raise UsageError(str(error)) from error
    encoded = msgspec.json.encode(found)
    if as_json:
        click.echo(encoded.decode())
    elif kind is None and verb is None and not everything:
        click.echo("\n".join(f"{what:6}{', '.join(names)}" for what, names in found.items()))
    else:
        click.echo(msgspec.json.format(encoded, indent=2).decode())
    return 0
