"""`letrade context`: contexts for the `nats` command, so that `nats --context letrade-main` finds the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from letrade.commands import options
from letrade.core.errors import UsageError

if TYPE_CHECKING:
    from letrade.contexts import Context
    from letrade.core.engine.data_dir import RunRecord

FILES = ("creds", "nkey", "cert", "key", "ca")
MAY = {
    "viewer": "reads all, asks what changes nothing",
    "operator": "may pause, halt, resume, flatten and stop",
    "system": "sees the server: nats server report, nats events",
}


def _given_files(function: Any) -> Any:
    """--creds, --nkey, --cert, --key, --ca: files of a login at a server that is not the desk's own."""
    for name in reversed(FILES):
        kind = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
        function = click.option(f"--{name}", type=kind, help=f"With --nats: the {name} file of the login.")(function)
    return function


@click.command("context")
@click.option("--list", "listing", is_flag=True, help="Show the contexts that letrade wrote.")
@click.option("--remove", is_flag=True, help="Delete the contexts that letrade wrote, of --desk or of all desks.")
@click.option(
    "--select", "role", is_flag=False, flag_value="viewer", type=click.Choice(["viewer", "operator", "system"]),
    help="Make this one what a plain nats uses; viewer when no role is named.",
)  # fmt: skip
@click.option("--name", metavar="NAME", help="With --nats: another name than letrade-DESK.")
@click.option("--force", is_flag=True, help="Replace contexts of these names that letrade did not write.")
@_given_files
@click.option("--tls-first", is_flag=True, help="With --nats: the TLS handshake comes first.")
@options.reaches_desk
@options.as_json
def context(
    listing: bool, remove: bool, role: str | None, name: str | None, force: bool, tls_first: bool, desk: str | None,
    data_dir: Path | None, server: options.Server, as_json: bool, **files: Path | None,
) -> int:  # fmt: skip
    """Write contexts for the nats command: of the viewer, the operator and the system user of the running desk,
    or, with --nats, of the login in a server's URL.

    \b
      letrade context --select
      nats sub 'letrade.>' --translate 'letrade decode'
      nats --context letrade-main-system server report connections
    """
    from letrade import contexts

    if listing and remove:
        raise UsageError("expected --list or --remove, found both")
    if listing:
        return _tell(list(contexts.ours()), as_json, "")
    if remove:
        return _tell_removed(contexts.remove(desk), as_json)
    if server is None:
        _refuse_without_server(name=name, tls_first=tls_first, **files)
        wanted = _of_desk(desk, data_dir)
    else:
        if role not in (None, "viewer"):
            raise UsageError(f"--select {role}: a server given with --nats gets one context; leave the role out")
        wanted = [_of_server(server, desk, name, tls_first, files)]
    contexts.write(wanted, force)
    names = [each.name for each in wanted]
    if role is not None:
        contexts.select(_named(names, role))
    return _tell(names, as_json, "look inside with: nats --context " + names[0] + " sub 'letrade.>' "
                 "--translate 'letrade decode'")  # fmt: skip


def _refuse_without_server(**given: object) -> None:
    for option, value in given.items():
        if value:
            raise UsageError(f"--{option.replace('_', '-')} goes with --nats: of a running desk all is known")


def _of_desk(desk: str | None, data_dir: Path | None) -> list[Context]:
    from letrade.reach import record_of

    record = record_of(desk, data_dir)
    if not record.is_private:
        # A server that is not the desk's own: who else may log in there, its owner knows.
        may = "may all that the desk may" if record.has_login else MAY["viewer"]
        role = "operator" if record.has_login else "viewer"
        return [_as_desk(record, role, may)]
    logins = {
        "viewer": (None, None),
        "operator": (record.operator_user, record.operator_password),
        "system": (record.system_user, record.system_password),
    }
    return [_context(record.desk, role, MAY[role], record.urls, *login) for role, login in logins.items()]


def _context(desk: str, role: str, may: str, urls: list[str], user: str | None, password: str | None) -> Context:
    from letrade.contexts import Context, describe, name_of

    return Context(
        name=name_of(desk, role), description=describe(desk, role, may), url=",".join(urls),
        user=user or "", password=password or "",
    )  # fmt: skip


def _as_desk(record: RunRecord, role: str, may: str) -> Context:
    """The desk's own login at a server that is not its own."""
    from letrade.contexts import Context, describe, name_of
    from letrade.core.config.desk import NatsTls
    from letrade.core.network.link import DESK_INBOX

    tls = record.tls or NatsTls()
    return Context(
        name=name_of(record.desk, role), description=describe(record.desk, role, may), url=",".join(record.urls),
        user=record.user or "", password=record.password or "", token=record.token or "",
        creds=record.credentials or "", nkey=record.nkey_seed or "", cert=tls.certificate or "",
        key=tls.key or tls.certificate or "", ca=tls.authorities or "", tls_first=tls.first,
        inbox_prefix=DESK_INBOX if record.has_login else "",
    )  # fmt: skip


def _of_server(
    server: options.GivenServer, desk: str | None, name: str | None, tls_first: bool, files: dict[str, Path | None]
) -> Context:
    from letrade.commands.options import DEFAULT_DESK
    from letrade.contexts import Context, describe, name_of
    from letrade.core.errors import DataError
    from letrade.core.subjects import check_token
    from letrade.reach import split_login

    desk = desk or DEFAULT_DESK
    try:
        name = check_token(name or name_of(desk), "the name of a context")
    except DataError as error:
        raise UsageError(str(error)) from error
    places = [split_login(each) for each in server.url.split(",")]
    login = places[0] if server.credentials is None else places[0]._replace(user=None, password=None, token=None)
    paths = {"creds": server.credentials or "", "ca": server.authorities or ""}
    paths |= {option: str(path) for option, path in files.items() if path is not None}
    return Context(
        name=name, description=describe(desk, "viewer", "at a server that was given"),
        url=",".join(place.url for place in places), user=login.user or "", password=login.password or "",
        token=login.token or "", tls_first=tls_first, **paths,
    )  # fmt: skip


def _named(names: list[str], role: str) -> str:
    """The context of a role among those just written. UsageError when that role has none."""
    found = [name for name in names if name.endswith(f"-{role}")] or (names[:1] if role == "viewer" else [])
    if not found:
        raise UsageError(f"--select {role}: this desk's server is not its own, and only {', '.join(names)} is known")
    return found[0]


def _tell(names: list[str], as_json: bool, words: str) -> int:
    """The contexts as their files say, the selected one marked; no passwords."""
    from letrade import contexts
    from letrade.decoding import to_json

    chosen, known = contexts.selected(), contexts.ours()
    if as_json:
        shown = [
            {"name": name, "path": str(contexts.path_of(name)), "description": known[name].description,
             "url": known[name].url, "user": known[name].user, "selected": name == chosen}
            for name in names
        ]  # fmt: skip
        click.echo(to_json({"contexts": shown, "selected": chosen}).decode())
        return 0
    for name in names:
        click.echo(f"{'*' if name == chosen else ' '} {name:28} {known[name].url:28} {known[name].description}")
    if not names:
        click.echo(f"letrade wrote no contexts below {contexts.root()}")
    elif words:
        click.echo(words, err=True)
    return 0


def _tell_removed(names: list[str], as_json: bool) -> int:
    from letrade.decoding import to_json

    click.echo(to_json({"removed": names}).decode() if as_json else f"removed: {', '.join(names) or 'none was there'}")
    return 0
