"""A secret can be used, not shown."""

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from telepin.secret import Secret

DIGITS = "482915"


@pytest.fixture
def secret() -> Secret:
    return Secret(DIGITS)


@pytest.mark.parametrize(
    "shown",
    [repr, str, "{}".format, "{!r}".format, "{:>20}".format, lambda s: f"{[s]} {(s,)}"],
)
def test_no_text_form_shows_it(secret, shown):
    assert DIGITS not in shown(secret)
    assert DIGITS[:2] not in shown(secret)


@pytest.mark.parametrize(
    "leak",
    [pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode, copy.copy, copy.deepcopy, hash, vars],
)
def test_every_copy_is_refused(secret, leak):
    with pytest.raises(TypeError):
        leak(secret)


def test_logging_and_tracebacks_do_not_show_it(secret, caplog):
    logging.getLogger("t").warning("keyed %s %r", secret, {"pin": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        trace = traceback.format_exc()
    assert DIGITS not in caplog.text + trace


def test_equality_is_by_digits_and_with_secrets_only(secret):
    assert secret == Secret(DIGITS)
    assert secret != Secret("482916")
    assert secret != DIGITS


def test_wipe_leaves_nothing(secret):
    assert secret.reveal() == DIGITS
    assert len(secret) == 6
    secret.wipe()
    assert secret.reveal() == ""
    assert not secret


@pytest.mark.parametrize("text", ["12a", "１２", "1 2", "12\n"])
def test_only_telephone_keys_and_no_echo_of_others(text):
    with pytest.raises(ValueError, match="telephone keys") as caught:
        Secret(text)
    assert "12" not in str(caught.value)
