"""Cloudflare's load balancing regions, and the countries whose visitors the GDPR protects.

Source of the codes: Cloudflare "Load Balancing Regions API" (2026-11). Which country a code covers is told by that API
for each account; the table here follows it by continent and is used to file logs and to find EU territory that lies in
a code outside Europe. Steering never rests on it: every EU country is steered by its own code.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""

CODES: dict[str, tuple[str, tuple[str, ...]]] = {
    code: (name, tuple(countries.split()))
    for code, name, countries in (
        ("WEU", "Western Europe",
         "AD AT AX BE CH DE DK ES FI FO FR GB GG GI GR IE IM IS IT JE LI LU MC MT NL NO PT SE SJ SM VA"),
        ("EEU", "Eastern Europe", "AL BA BG BY CZ EE HR HU LT LV MD ME MK PL RO RS RU SI SK UA XK"),
        ("ME", "Middle East", "AE AM AZ BH CY GE IL IQ IR JO KW LB OM PS QA SA SY TR YE"),
        ("NAF", "Northern Africa",
         "BF BJ CF CI CM CV DJ DZ EG EH ER ET GH GM GN GW LR LY MA ML MR NE NG SD SL SN SO SS TD TG TN"),
        ("SAF", "Southern Africa",
         "AO BI BV BW CD CG GA GQ IO KE KM LS MG MU MW MZ NA RE RW SC SH ST SZ TF TZ UG YT ZA ZM ZW"),
        ("NEAS", "Northeast Asia", "CN HK JP KP KR MN MO TW"),
        ("SEAS", "Southeast Asia", "BN ID KH LA MM MY PH SG TH TL VN"),
        ("SAS", "Southern Asia", "AF BD BT IN KG KZ LK MV NP PK TJ TM UZ"),
        ("OC", "Oceania",
         "AQ AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS"),
        ("ENAM", "Eastern North America", "BM CA GL PM US"),
        ("WNAM", "Western North America", ""),
        ("NSAM", "Northern South America",
         "AG AI AW BB BL BQ BS BZ CO CR CU CW DM DO EC GD GF GP GT GY HN HT JM KN KY LC MF MQ MS MX NI PA PR SR SV "
         "SX TC TT VC VE VG VI"),
        ("SSAM", "Southern South America", "AR BO BR CL FK GS PE PY UY"),
    )
}  # fmt: skip
"""Name and countries by code. The United States and Canada are split between ENAM and WNAM by state; they stand once."""

EU_CODES = ("WEU", "EEU")

# The members of the Union.
_MEMBERS = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
# EEA: the GDPR applies by the EEA Joint Committee's decision 154/2018.
_EEA = ("IS", "LI", "NO")
# Territory of members with codes of its own where EU law applies (TFEU art. 349 and 355; Åland).
_TERRITORIES = ("AX", "GF", "GP", "MF", "MQ", "RE", "YT")

EU_COUNTRIES = tuple(sorted((*_MEMBERS, *_EEA, *_TERRITORIES)))

COUNTRIES: dict[str, str] = {country: code for code, (_, countries) in CODES.items() for country in countries}
"""Each country's code."""
