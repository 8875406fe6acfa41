"""Personal data: e-mail addresses, telephone numbers, payment cards, bank accounts."""

from stdnum import iban as stdnum_iban
from stdnum import luhn

from leaks_generated.drawing import DIGITS, UPPER, draw, draw_digits
from leaks_generated.kinds import personal

FIRST = ("jane", "tom", "maria", "o.meyer", "li.wei", "anna-lena", "j.doe", "kofi", "sven", "priya", "carlos_r", "mia")
LAST = ("schmidt", "brown", "rossi", "kowalski", "garcia", "novak", "obrien", "tanaka", "silva", "jensen")
DOMAINS = (
    "gmail.com",
    "outlook.com",
    "web.de",
    "proton.me",
    "nordwind-shop.de",
    "mail.acme-corp.io",
    "uni-bonn.de",
    "orange.fr",
    "bbc.co.uk",
    "icloud.com",
)
MOBILE = {
    "49": ("151########", "160#######", "30########"),
    "44": ("7712######", "7812######", "7912######"),
    "33": ("61#######", "62#######", "14#######"),
    "34": ("61#######", "65#######"),
    "39": ("347#######", "338#######"),
    "31": ("61#######", "62#######"),
    "48": ("601######", "501######"),
    "91": ("98########", "99########"),
    "55": ("1198#######", "2198#######"),
    "41": ("79#######", "78#######"),
    "46": ("70#######", "73#######"),
    "86": ("138########", "139########"),
}
"""Numbers by country code, after the national numbering plans; # is any digit but the first of a group."""
AREAS = ("212", "415", "312", "617", "206", "305", "713")
BANK_ACCOUNTS = {"DE": "18n", "AT": "16n", "CH": "5n12n", "GB": "4a14n", "NL": "4b10n", "IE": "4a14n", "DK": "14n"}
"""What stands behind the check digits, by country, after the IBAN registry: n digits, a letters, b a Dutch bank."""
DUTCH = ("ABNA", "INGB", "RABO", "TRIO", "SNSB")


def e_mail(rng):
    name = f"{rng.choice(FIRST)}{rng.choice(('.', '_', ''))}{rng.choice(LAST)}"
    return f"{name}{rng.choice(('', '', str(rng.randint(1, 99)), '+shop'))}@{rng.choice(DOMAINS)}"


def american(rng):
    """An area, an exchange that is neither 555 nor ends with 11, and a line."""
    while (exchange := draw(rng, "23456789", 1) + draw(rng, DIGITS, 2)).endswith("11") or exchange == "555":
        pass
    return rng.choice(AREAS), exchange, draw(rng, DIGITS, 4)


def phone(rng):
    """A number with its country code."""
    if rng.random() < 0.25:
        area, exchange, line = american(rng)
        return rng.choice((f"+1{area}{exchange}{line}", f"+1 {area} {exchange} {line}", f"+1-{area}-{exchange}-{line}"))
    country = rng.choice([*MOBILE])
    number = "".join(rng.choice("23456789") if mark == "#" else mark for mark in rng.choice(MOBILE[country]))
    split = 2 if country in {"33", "31", "41", "46"} else 3
    return rng.choice(
        (
            f"+{country}{number}",
            f"+{country}{number}",
            f"+{country} {number[:split]} {number[split:]}",
            f"+{country} {number[:split]} {number[split : split + 3]} {number[split + 3 :]}",
        )
    )


def no_country_code(rng):
    """A country, and a number as it is dialled within it, which only a name tells."""
    area, exchange, line = american(rng)
    return rng.choice(
        (
            ("US", f"({area}) {exchange}-{line}"),
            ("US", f"{area}-{exchange}-{line}"),
            ("DE", f"0151 {draw(rng, '23456789', 8)}"),
            ("GB", f"07712 {draw(rng, '23456789', 6)}"),
        )
    )


def national_phone(rng):
    return no_country_code(rng)[1]


def payment_card(rng):
    """A number of a card network's range with a Luhn digit."""
    prefix, count = rng.choice(
        (
            ("4", 16),
            ("4", 16),
            (str(rng.randint(51, 55)), 16),
            (str(rng.randint(2221, 2720)), 16),
            (rng.choice(("34", "37")), 15),
            ("6011", 16),
            (str(rng.randint(3528, 3589)), 16),
        )
    )
    stem = prefix + draw(rng, DIGITS, count - 1 - len(prefix))
    number = stem + luhn.calc_check_digit(stem)
    mark = rng.choice(("", "", " ", "-"))
    if count == 15:
        return mark.join((number[:4], number[4:10], number[10:]))
    return mark.join(number[i : i + 4] for i in range(0, 16, 4))


def iban(rng):
    country = rng.choice([*BANK_ACCOUNTS])
    form = BANK_ACCOUNTS[country]
    account = ""
    while form:
        kind = next(mark for mark in form if mark.isalpha())
        count, form = form.split(kind, 1)
        one = {"n": lambda n: draw_digits(rng, n), "a": lambda n: draw(rng, UPPER, n), "b": lambda _: rng.choice(DUTCH)}
        account += one[kind](int(count))
    number = country + stdnum_iban.calc_check_digits(f"{country}00{account}") + account
    return rng.choice((number, number, stdnum_iban.format(number)))


PERSONAL = {
    "e-mail": (personal(e_mail, "email", "user email", "mail", "recipient", places=("mail", "mail", "mail")),),
    "phone": (
        personal(phone, "phone", "phone number", "mobile", labels=("phone", "Tel.", "mobile"), places=("call", "call")),
        personal(national_phone, "phone", "phone number", "telephone", labels=("phone", "Tel.", "telephone")),
    ),
    "payment-card": (
        personal(
            payment_card, "card number", "credit card", "pan", labels=("card number", "card"), places=("pay", "pay")
        ),
    ),
    "iban": (personal(iban, "iban", "creditor iban", labels=("IBAN", "iban"), places=("transfer", "transfer")),),
}
"""Forms of each kind, by its name."""
