"""What a signed token proves, and how far it reaches."""

from datetime import timedelta

import pytest

from shared.auth.permissions import Role
from shared.auth.tokens import InvalidToken, Person, issue_token, read_token
from tests.conftest import NOW

SECRET = "a secret of the tests, long enough"
CREW = Person("li.weixiu", Role.CREW, "610122", "crew-1")
OFFICE = Person("wang.diaodu", Role.DISPATCHER, "610122")


@pytest.mark.parametrize("person", [OFFICE, CREW, CREW.opening("c1", "c2")])
def test_a_token_names_the_person_and_the_scope(person: Person) -> None:
    token = issue_token(person, SECRET, NOW, audience="service")
    assert read_token(token, SECRET, NOW, audience="service") == person


@pytest.mark.parametrize(
    ("secret", "minutes", "audience"),
    [
        (SECRET, 2, "service"),
        (SECRET, 0, "console"),
        ("another secret of the tests, as long", 0, "service"),
    ],
    ids=["expired", "for somebody else", "signed by somebody else"],
)
def test_other_tokens_prove_nothing(secret: str, minutes: int, audience: str) -> None:
    token = issue_token(OFFICE, SECRET, NOW, audience="service")
    with pytest.raises(InvalidToken):
        read_token(token, secret, NOW + timedelta(minutes=minutes), audience=audience)


@pytest.mark.parametrize(
    ("person", "complaint_id", "opened"),
    [
        pytest.param(OFFICE, "c1", True, id="the office: all of its county"),
        pytest.param(CREW, "c1", False, id="a crew whose token lists none"),
        pytest.param(CREW.opening("c1"), "c1", True, id="listed"),
        pytest.param(CREW.opening("c1"), "c2", False, id="another one"),
    ],
)
def test_which_complaints_a_call_opens(person: Person, complaint_id: str, opened: bool) -> None:
    assert person.may_open(complaint_id) is opened
