"""Numbers that states give to people, with the check digits that python-stdnum computes."""

import datetime as dt

from stdnum.br import cpf
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from leaks_generated.drawing import DIGITS, draw, draw_digits
from leaks_generated.kinds import personal

CONSONANTS = "BCDFGLMNPRSTV"
ITALIAN_MONTHS = "ABCDEHLMPRST"
CHINESE_COUNTIES = ("110101", "310101", "440106", "510104", "330106")


def born(rng):
    """Return the birthday of a grown-up."""
    return dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20_000))


def until(module, make):
    """Return a maker that draws until python-stdnum accepts the number: for those whose rules are many."""

    def drawn(rng):
        while not module.is_valid(number := make(rng)):
            pass
        return number

    return drawn


def with_last_digit(module, make):
    """Return a maker that finds the last digit for which python-stdnum accepts a number."""

    def completed(rng):
        while True:
            stem = make(rng)
            valid = [stem + digit for digit in DIGITS if module.is_valid(stem + digit)]
            if valid:
                return valid[0]

    return completed


def us_ssn(rng):
    return f"{draw(rng, DIGITS, 3)}-{draw(rng, DIGITS, 2)}-{draw(rng, DIGITS, 4)}"


def uk_nino(rng):
    """Two letters of which neither is D, F, I, Q, U or V, nor the second O; not all pairs are given out."""
    while (pair := draw(rng, "ABCEGHJKLMNPRSTWXYZ", 2)) in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}:
        pass
    numbers = [draw(rng, DIGITS, 2) for _ in range(3)]
    return rng.choice(("", " ")).join([pair, *numbers, rng.choice("ABCD")])


def de_tax_id(rng):
    """Ten digits of which one occurs twice or three times, and a check digit."""
    digits = rng.sample(DIGITS, 9)
    digits.append(rng.choice(digits))
    rng.shuffle(digits)
    return "".join(digits)


def fr_nir(rng):
    day = born(rng)
    stem = f"{rng.choice('12')}{day:%y%m}{rng.randint(1, 95):02}{rng.randint(1, 300):03}{rng.randint(1, 300):03}"
    number = stem + nir.calc_check_digits(stem)
    return rng.choice((number, nir.format(number)))


def es_dni(rng):
    stem = draw(rng, DIGITS, 8)
    return stem + rng.choice(("", "", "-")) + dni.calc_check_digit(stem)


def it_fiscal_code(rng):
    day = born(rng)
    stem = (
        f"{draw(rng, CONSONANTS, 6)}{day:%y}{ITALIAN_MONTHS[day.month - 1]}{day.day + rng.choice((0, 40)):02}"
        f"{rng.choice(('H501', 'F205', 'L219', 'A944'))}"
    )
    return stem + codicefiscale.calc_check_digit(stem)


def nl_bsn(rng):
    return draw_digits(rng, 8)


def pl_pesel(rng):
    stem = f"{born(rng):%y%m%d}{draw(rng, DIGITS, 4)}"
    return stem if stem[2] in "01" else "0000000000"


def br_cpf(rng):
    number = until(cpf, _cpf)(rng)
    return rng.choice((number, cpf.format(number)))


def _cpf(rng):
    stem = draw_digits(rng, 9)
    for weight in (10, 11):
        total = sum(int(digit) * (weight - i) for i, digit in enumerate(stem))
        stem += str(total * 10 % 11 % 10)
    return stem


def in_aadhaar(rng):
    number = with_last_digit(aadhaar, lambda rng: rng.choice("23456789") + draw(rng, DIGITS, 10))(rng)
    return rng.choice((number, aadhaar.format(number)))


def cn_id(rng):
    """County, birthday, three digits and a check mark; not every county was there at every time."""
    stem = f"{rng.choice(CHINESE_COUNTIES)}{born(rng):%Y%m%d}{draw(rng, DIGITS, 3)}"
    return stem + ric.calc_check_digit(stem)


def fi_hetu(rng):
    stem = f"{born(rng):%d%m%y}{rng.randint(2, 899):03}"
    mark = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(stem) % 31]
    return f"{stem[:6]}-{stem[6:]}{mark}"


def se_personnummer(rng):
    day = born(rng)
    return f"{day:%y%m%d}-{rng.randint(1, 999):03}"


NATIONAL = {
    "us-ssn": (
        personal(until(ssn, us_ssn), "ssn", "social security number", labels=("SSN", "social security number")),
    ),
    "uk-nino": (
        personal(
            uk_nino, "nino", "ni number", "national insurance number", labels=("NINO", "National Insurance number")
        ),
    ),
    "de-tax-id": (
        personal(
            with_last_digit(idnr, de_tax_id),
            "steuer id",
            "steueridentifikationsnummer",
            labels=("Steuer-ID", "Steuer-IdNr.", "Steueridentifikationsnummer"),
        ),
    ),
    "fr-nir": (
        personal(
            fr_nir,
            "nir",
            "numero securite sociale",
            labels=("NIR", "numéro de sécurité sociale", "n° sécurité sociale"),
        ),
    ),
    "es-dni": (personal(es_dni, "dni", "dni cliente", labels=("DNI", "DNI/NIF")),),
    "it-fiscal-code": (personal(it_fiscal_code, "codice fiscale", labels=("codice fiscale", "C.F.")),),
    "nl-bsn": (
        personal(with_last_digit(bsn, nl_bsn), "bsn", "burgerservicenummer", labels=("BSN", "burgerservicenummer")),
    ),
    "pl-pesel": (personal(with_last_digit(pesel, pl_pesel), "pesel", "numer pesel", labels=("PESEL", "numer PESEL")),),
    "br-cpf": (personal(br_cpf, "cpf", "cpf cliente", labels=("CPF", "CPF do cliente")),),
    "in-aadhaar": (personal(in_aadhaar, "aadhaar", "aadhaar number", labels=("Aadhaar", "Aadhaar number")),),
    "cn-id": (personal(until(ric, cn_id), "id card", "id card number", labels=("身份证", "身份证号", "ID card")),),
    "fi-hetu": (personal(fi_hetu, "hetu", "henkilotunnus", labels=("HETU", "henkilötunnus")),),
    "se-personnummer": (
        personal(with_last_digit(personnummer, se_personnummer), "personnummer", labels=("personnummer", "Personnr")),
    ),
}
"""Forms of each kind, by its name."""
CHECKS = {
    "us-ssn": ssn, "de-tax-id": idnr, "fr-nir": nir, "es-dni": dni, "it-fiscal-code": codicefiscale, "nl-bsn": bsn,
    "pl-pesel": pesel, "br-cpf": cpf, "in-aadhaar": aadhaar, "cn-id": ric, "fi-hetu": hetu,
    "se-personnummer": personnummer,
}  # fmt: skip
"""The module of python-stdnum that knows each kind; it has none for the British number."""
