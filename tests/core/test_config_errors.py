"""What is wrong in a desk file is told: where, what was expected, what was found, what was probably meant."""

from pathlib import Path

import pytest

from letrade import assemble
from letrade.core.config.load import load_desk
from letrade.core.errors import ConfigurationError
from tests.core.config_parts import DESK, FEED_KINDS, HERE, load, write

WRONG_KEYS = [
    ("[desk]\nnane = 1", 'desk.nane: unknown key, did you mean "name"?'),
    ("[dsk]\n", 'dsk: unknown key, did you mean "desk"?'),
    ("[[actors]]\n", 'actors: unknown key, did you mean "actor"?'),
    ('[[venue]]\nname = "b"\nfaults = { looze = 1 }', 'venue.b.faults.looze: unknown key, did you mean "lose"?'),
    (f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\nfsat = 1', 'actor.a.fsat: unknown key, did you mean "fast"?'),
    (f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"', "actor.a.instrument: is missing, expected a string"),
    ("[[venue]]\n", "venue[0].name: is missing, expected a name"),
    ('[[account]]\nname = "a"', "account.a.venue: is missing"),
    ('[[feed]]\nname = "f"\nkind = "flow"\nrates = 1', 'feed.f.rates: unknown key, did you mean "rate"?'),
    ('[[feed]]\nkind = "flow"', "feed[0].name: is missing"),
    ('[[venue]]\nname = "b"\n[[venue]]\nname = "b"', "venue.b: the name is given twice"),
]

WRONG_VALUES = [
    (
        '[[feed]]\nname = "f"\nkind = "flow"\nspeed = 0',
        'feed.f.speed: expected one of "max", "live" or a number above 0, found the whole number 0',
    ),
    (
        '[desk]\nseed = "one"',
        'desk.seed: expected a whole number of at least 0 and at most 9223372036854775807, found the string "one"',
    ),
    ("[desk]\nseed = 1.5", "found the number 1.5"),
    ("[desk]\nseed = true", "found the truth value true"),
    (
        "[desk]\nname = 5",
        "desk.name: expected a name of at most 64 letters, digits, `_` and `-`, found the whole number 5",
    ),
    ('[desk]\nname = "a.b"', 'found the string "a.b"'),
    ('[desk]\nname = "a\\n"', 'found the string "a\\n"'),
    ("[desk]\nstep = 50", 'desk.step: expected a duration such as "50ms" above 0s, found the whole number 50'),
    ('[desk]\nstep = "0s"', 'above 0s, found the string "0s"'),
    (
        '[desk]\non_stop = "kep"',
        'expected one of "cancel", "keep", "flatten", found the string "kep", did you mean "keep"?',
    ),
    ("desk = 5", "desk: expected a table, found the whole number 5"),
    ("[actor]\nname = 1", "actor: expected a list of tables, [[actor]], found a table"),
    ("actor = [5]", "actor[0]: expected a table, found the whole number 5"),
    ("[nats]\nport = 70000", "nats.port: expected a whole number of at least 1 and at most 65535"),
    ("[nats]\nurl = [1]", "nats.url[0]: expected a string, found the whole number 1"),
    ('[nats]\nclient = "other"', 'nats.client: expected one of "letrade", "nats-py", found the string "other"'),
    (
        '[[venue]]\nname = "b"\nfaults = { lose = 2 }',
        "venue.b.faults.lose: expected a number of at least 0 and at most 1",
    ),
    ('[[venue]]\nname = "b"\nfaults = { lose = nan }', "found the number nan"),
    (
        '[[venue]]\nname = "b"\ntaker_fee = "x"',
        'expected a decimal number such as "0.001" above -1 and below 1, found the string "x"',
    ),
    ('[[venue]]\nname = "b"\ntaker_fee = inf', "found the number inf"),
    (
        '[[venue]]\nname = "b"\nfee_prices = { BNB = 1 }',
        'venue.b.fee_prices.BNB: expected a pair of currencies such as "BNB-USDT"',
    ),
    (
        '[[account]]\nname = "a"\nvenue = "b"\nbalances = { USDT = -1 }',
        "account.a.balances.USDT: expected a decimal number",
    ),
    ('[[instrument]]\nname = "BTC"\ntick = 1\nlot = 1', 'expected an instrument id such as "binance.BTC-USDT"'),
    ('[[instrument]]\nname = "b.A-B"\ntick = 0\nlot = 1', 'instrument."b.A-B".tick: expected a decimal number'),
    ('[[instrument]]\nname = "b.X"\ntick = 1\nlot = 1', 'instrument."b.X".base: is missing, expected a currency'),
    (
        '[[instrument]]\nname = "b.A-B"\ntick = 1\nlot = 1\nvalid_from = 2024-01-01T00:00:00',
        "or a time with its zone, found the date",
    ),
    ('[[feed]]\nname = "f"\nkind = "flow"\nspeed = "fast"', 'feed.f.speed: expected one of "max", "live" or a number'),
    (
        "[[capital.allocation]]\nname = 'x'\nstrategy = 'a'\naccount = 'p'",
        "capital.allocation.x: expected either fraction or amount",
    ),
    ("[capital.sizing]\nfraction = 1.5", "above 0 and at most 1, found the number 1.5"),
    (
        f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\ninstrument = "b.A-B"\nwindows = [1, "x"]',
        'actor.a.windows[1]: expected a whole number, found the string "x"',
    ),
    (
        f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\ninstrument = "b.A-B"\nfast = 30',
        "actor.a: expected fast below slow, found 30 and 20",
    ),
]

WRONG_CLASSES = [
    (f'class = "{HERE}.Unresolved"', "has an annotation that is not resolved: name 'Nowhere' is not defined"),
    ("", 'actor.a.class: is missing, such as class = "letrade.'),
    ("class = 5", "expected a dotted class name, found the whole number 5"),
    ('class = "MACross"', 'expected a dotted class name such as "package.module.Class", found "MACross"'),
    ('class = "nowhere.at.all.X"', 'there is no module "nowhere" (of class "nowhere.at.all.X")'),
    (f'class = "{HERE}.Cros"', f'"{HERE}" has no class "Cros", did you mean "Cross"?'),
    (f'class = "{HERE}.NotAnActor"', f'"{HERE}.NotAnActor" is not a subclass of letrade.core.actor.Actor'),
    (f'class = "{HERE}.OddConfig"', "declares a Config that is not a msgspec.Struct"),
]

WRONG_REFERENCES = [
    (
        f'[[actor]]\nname = "b"\nclass = "{HERE}.BookOf"\nfeature_set = "x"',
        'actor.b.feature_set: there is no actor "x"; known: ma_cross-1, b',
    ),
    (
        '[[worker]]\nname = "w"\nactors = ["binance"]',
        'worker.w.actors: "binance" is a venue, which says itself where it runs: worker = "w"',
    ),
    (
        '[[account]]\nname = "x"\nvenue = "binanse"',
        'account.x.venue: there is no venue "binanse", did you mean "binance"?',
    ),
    (
        '[[actor]]\nname = "ma_cross-1"\ninstrument = "binance.BTC-USDC"',
        'actor.ma_cross-1.instrument: there is no instrument "binance.BTC-USDC"',
    ),
    (
        f'[[actor]]\nname = "b"\nclass = "{HERE}.BookOf"\ninstruments = ["x.A-B"]',
        'actor.b.instruments: there is no instrument "x.A-B"',
    ),
    (
        f'[[actor]]\nname = "b"\nclass = "{HERE}.BookOf"\naccount = "papre"',
        'there is no account "papre", did you mean "paper"?',
    ),
    (
        '[[worker]]\nname = "w"\nactors = ["ma_cross-9"]',
        'worker.w.actors: there is no actor "ma_cross-9", did you mean "ma_cross-1"?',
    ),
    ('[[worker]]\nname = "w"\nfeeds = ["flw"]', 'worker.w.feeds: there is no feed "flw"'),
    ('[[worker]]\nname = "desk"', 'worker.desk: "desk" is the process of all that no worker runs'),
    (
        '[[worker]]\nname = "w"\nactors = ["ma_cross-1"]\n[[worker]]\nname = "v"\nactors = ["ma_cross-1"]',
        'worker.v.actors: "ma_cross-1" is run by the worker "w" already',
    ),
    ('[[venue]]\nname = "binance"\nworker = "w"', 'venue.binance.worker: there is no worker "w"'),
    (
        '[[venue]]\nname = "binance"\norder_latency = "10ms"\n[desk]\nstep = "20ms"',
        "order_latency: expected at least desk.step, 20ms, found 10ms",
    ),
    (
        '[[venue]]\nname = "binance"\nfee_currency = "BNB"',
        'venue.binance.fee_prices: fees in BNB need its price, expected fee_prices = { "BNB-USDT"',
    ),
    ('[[venue]]\nname = "flow"', 'feed.flow: the name is taken by [[venue]] "flow" already'),
    ('[[risk.limit]]\nname = "l"\naccount = "x"', 'risk.limit.l.account: there is no account "x"'),
    ('[[risk.limit]]\nname = "l"\ninstrument = "x.A-B"', 'risk.limit.l.instrument: there is no instrument "x.A-B"'),
    (
        '[[capital.allocation]]\nname = "l"\nstrategy = "x"\naccount = "paper"\namount = 1',
        'capital.allocation.l.strategy: there is no actor "x"',
    ),
    (
        '[[instrument]]\nname = "binance.BTC-USDT"\nvalid_from = "1970-01-01"\ntick = 1\nlot = 1',
        "two versions hold from the same time",
    ),
    (
        '[[instrument]]\nname = "binance.BTC-USDT"\nmultiplier = 2',
        "a spot instrument settles in its quote currency and has multiplier 1",
    ),
]

WRONG_OVERRIDES = [
    ("LETRADE_ACTOR__ma_cros-1__fast", "5", 'no actor is named ma_cros-1, did you mean "ma_cross-1"?'),
    ("LETRADE_ACTOR__ma_cross-1__fsat", "5", 'actor.ma_cross-1.fsat: unknown key, did you mean "fast"?'),
    (
        "LETRADE_ACTOR__ma_cross-1__fast",
        "five",
        'actor.ma_cross-1.fast: expected a whole number, found the string "five"',
    ),
    ("LETRADE_ACTOR__ma_cross-1", "5", "names the whole of ma_cross-1; name one of its keys"),
    ("LETRADE_WORKER__w__restarts", "5", "there is no [[worker]] to override"),
    ("LETRADE_DESK__name__x", "5", "name: expected a name"),
    ("LETRADE_VENUE__binance__maker_fee__x", "5", "maker_fee: expected a decimal number"),
    ("LETRADE_DESK__", "5", "expected LETRADE_<SECTION>__<key>"),
    ("LETRADE_DEKS__name", "x", 'deks: unknown key, did you mean "desk"?'),
]


def told_of(folder: Path, *texts: str, **overrides: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, *texts, **overrides)
    return str(raised.value)


@pytest.mark.parametrize(("text", "fragment"), WRONG_KEYS + WRONG_VALUES)
def test_a_wrong_key_or_value_is_told_with_its_file_and_place(tmp_path: Path, text: str, fragment: str) -> None:
    told = told_of(tmp_path, text)
    assert fragment in told
    assert f"{tmp_path}/desk.toml: " in told


@pytest.mark.parametrize(("text", "fragment"), WRONG_CLASSES)
def test_a_class_that_cannot_be_used_is_told(tmp_path: Path, text: str, fragment: str) -> None:
    assert fragment in told_of(tmp_path, f'[[actor]]\nname = "a"\n{text}\n')


@pytest.mark.parametrize(("text", "fragment"), WRONG_REFERENCES)
def test_a_name_that_nothing_has_is_told(tmp_path: Path, text: str, fragment: str) -> None:
    assert fragment in told_of(tmp_path, DESK, text)


@pytest.mark.parametrize(("variable", "text", "fragment"), WRONG_OVERRIDES)
def test_a_wrong_override_is_told_with_its_variable(tmp_path: Path, variable: str, text: str, fragment: str) -> None:
    told = told_of(tmp_path, DESK, **{variable: text})
    assert fragment in told
    assert f"{variable}: " in told


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"[desk\n", "desk.toml: not valid TOML: "),
        (b"a = 1\na = 2\n", "desk.toml: not valid TOML: "),
        (b"\xff\xfe", "desk.toml: expected UTF-8 text, found another byte at 0"),
        (b"#" * (4 * 2**20 + 1), "desk.toml: cannot be read: expected a desk file of at most 4194304 bytes"),
        (b"a = " + b"[" * 100_000, "desk.toml: "),
    ],
)
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes, fragment: str) -> None:
    file = tmp_path / "desk.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        load_desk(file, {})
    assert fragment in str(raised.value)


def test_the_problems_of_two_files_are_told_together(tmp_path: Path) -> None:
    told = told_of(tmp_path, "[desk]\nseed = -1", "[desk]\nnane = 1\n[nats]\nport = 0")
    assert [line.split(": ")[:2] for line in told.splitlines()] == [
        [f"{tmp_path}/desk1.toml", "desk.nane"],
        [f"{tmp_path}/desk.toml", "desk.seed"],
        [f"{tmp_path}/desk1.toml", "nats.port"],
    ]


def test_a_flood_of_problems_is_cut(tmp_path: Path) -> None:
    told = told_of(tmp_path, "[desk]\n" + "".join(f"x{i} = 1\n" for i in range(80)))
    assert told.splitlines()[-1] == "and 30 more"


def test_a_module_that_fails_when_imported_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "raise RuntimeError('boom')\n", "letrade_test_broken.py")
    write(tmp_path, "import nowhere_at_all\n", "letrade_test_needy.py")
    monkeypatch.syspath_prepend(tmp_path)
    told = told_of(tmp_path, '[[actor]]\nname = "a"\nclass = "letrade_test_broken.X"\n')
    assert 'importing "letrade_test_broken" failed: RuntimeError: boom' in told
    told = told_of(tmp_path, '[[actor]]\nname = "a"\nclass = "letrade_test_needy.X"\n')
    assert '"letrade_test_needy" needs the module "nowhere_at_all", which is not installed' in told


def test_an_instrument_that_a_feed_may_tell_of_is_not_missed(tmp_path: Path) -> None:
    text = (
        f'[[feed]]\nname = "f"\nkind = "capture"\n[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\ninstrument = "x.A-B"'
    )
    assert load(tmp_path, text).actors[0].config.instrument == "x.A-B"  # type: ignore[attr-defined]


def test_a_feed_of_the_kind_ticks_is_told_by_its_columns_as_the_docs_say(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    for named in ("", 'class = "letrade.actors.feeds.ticks.TicksFeed"\n'):  # as show-config writes it
        file.write_text(f'[[feed]]\nname = "trades"\nkind = "ticks"\n{named}files = ["trades.csv.gz"]\n')
        (feed,) = assemble(str(file), {}).feeds
        assert (feed.kind, feed.path, feed.config.kind) == ("ticks", "letrade.actors.feeds.ticks.TicksFeed", None)  # type: ignore[attr-defined]


def test_an_unknown_kind_of_feed_names_the_known_ones(tmp_path: Path) -> None:
    text = '[[feed]]\nname = "f"\nkind = "captures"\n'
    with pytest.raises(ConfigurationError, match=r'no kind of feed "captures", did you mean "capture"\?'):
        load_desk(write(tmp_path, text), {}, feed_kinds=FEED_KINDS)
    assert "expected kind, the name of a kind of feed, or class" in told_of(tmp_path, '[[feed]]\nname = "f"')
