"""Values that are published for tests and in documentation, and values that are masked in part.

Left out, because people disagree on them: the token on jwt.io's first page (a true token, of nobody), addresses at
example.com, telephone numbers of films (555-01xx).
"""

from leaks_generated.drawing import draw_digits
from leaks_generated.kinds import NAMED, NAMED_PERSONAL, Form

EXAMPLE = "EXAMPLE"
"""What AWS writes into every key of its documentation."""


def written(make, *, names=(), places=("sentence", "quoted", *NAMED)):
    """Return the forms of a sort that is values in any surroundings."""
    make = make if callable(make) else lambda rng, values=make: rng.choice(values)
    return (Form(make, names, places),)


PUBLISHED = {
    "AWS test values": written(lambda _: f"AKIAIOSFODNN7{EXAMPLE}", names=("aws access key id", "access key id"))
    + written(lambda _: f"wJalrXUtnFEMI/K7MDENG/bPxRfiCY{EXAMPLE}KEY", names=("aws secret access key",), places=NAMED)
    + written(lambda _: f"AKIAI44QH8DHB{EXAMPLE}", names=("aws access key id",)),
    "vendors' test values": written(
        lambda rng: rng.choice(
            (
                f"ghp_{'x' * 36}",
                f"glpat-{'x' * 20}",
                f"sk-{'x' * 48}",
                f"xoxb-{'x' * 12}-{'x' * 12}",
                f"AIza{'X' * 35}",
                f"npm_{'x' * 36}",
                f"hf_{'x' * 34}",
                f"SG.{'x' * 22}.{'x' * 43}",
                f"sk_live_{'x' * 24}",
                f"hvs.{'x' * 24}",
                f"ghp_{'0' * 36}",
                f"AKIA{'X' * 16}",
            )
        ),
        names=("token", "api key"),
    ),
    "vendors' placeholders": written(
        ("xoxb-your-token", "sk-your-api-key", "ghp_YOUR_TOKEN", "sk-ant-...", "hvs.<token>", "glpat-<your-token>"),
        names=("token", "api key"),
    ),
    # The numbers that payment services publish for tests.
    "test cards": written(lambda _: "4242" * 4, names=("card number", "card"), places=("pay", *NAMED_PERSONAL))
    + written(lambda _: "4" + "1" * 15, names=("card number", "card"), places=("pay", *NAMED_PERSONAL))
    + written(lambda _: "5555" * 3 + "4444", names=("card number", "card"), places=("pay", *NAMED_PERSONAL)),
    "masked cards": written(
        lambda rng: (
            rng.choice(("************", "**** **** **** ", "xxxx-xxxx-xxxx-", "XXXXXXXXXXXX")) + draw_digits(rng, 4)
        ),
        names=("card number", "card"),
        places=("pay", *NAMED_PERSONAL),
    ),
    # Never given out: the areas 000 and 666 and those from 900 on, the group 00, the line 0000.
    "no social security numbers": written(
        lambda rng: rng.choice(
            (f"000-12-{draw_digits(rng, 4)}", f"666-45-{draw_digits(rng, 4)}", "987-65-0000", "123-00-4567")
        ),
        names=("part number", "reference"),
        places=("key_value", "json", "noted_part"),
    ),
    "masked addresses of people": written(
        ("j***@g***.com", "<email>", "[EMAIL]", "***@acme.io", "j***e@***"),
        names=("email", "user email"),
        places=NAMED_PERSONAL,
    ),
    "masked numbers of people": written(
        ("***-**-6789", "XXX-XX-1234", "***-**-****", "[SSN]"), names=("ssn",), places=NAMED_PERSONAL
    )
    + written(("+49******123", "***-***-4567", "[PHONE]"), names=("phone", "mobile"), places=NAMED_PERSONAL),
}
"""Forms of each sort, by its name."""
