"""Invented but plausible words of both sandbox portals: shared datasets, French places and bodies."""

from __future__ import annotations

from typing import NamedTuple


class Shared(NamedTuple):
    """A dataset that several catalogues offer, on one portal and across portals."""

    identifier: str
    title: str
    host: str
    publisher: str
    description: str


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split("|"))


SHARED_HOSTS = _split("""
    data.ocean-buoys.example | catalogue.earth-watch.example | geonetwork.polar-atlas.example |
    hub.species-records.example | open.river-gauges.example | data.air-quality-network.example
""")
"""Remote hosts that publishers on both portals harvest from."""

SHARED_PUBLISHERS = _split("""
    Ocean Buoy Consortium | Earth Watch Programme | Polar Atlas | Species Records Hub |
    River Gauge Network | Air Quality Network
""")
"""Who publishes on each shared host, in the same order."""

_SHARED = """
    0 | urn:obs:drifting-buoys-atlantic | Drifting buoys of the North Atlantic | Hourly positions.
    0 | urn:obs:wave-height-stations | Significant wave height at coastal stations | Wave height and period.
    0 | urn:obs:sea-level-tide-gauges | Sea level at tide gauges, daily means | Daily means since 1950.
    0 | urn:obs:marine-heatwaves | Marine heatwaves, catalogue of events | Start and end of each event.
    1 | ew-land-cover-2024 | Land cover 2024, 10 m | Eleven classes, from images.
    1 | ew-burnt-areas | Burnt areas since 2001 | Monthly outlines of burnt areas.
    1 | ew-soil-moisture | Surface soil moisture, daily | Daily grid at 1 km.
    1 | ew-night-lights | Night lights, yearly composites | Cloud-free yearly composites.
    1 | ew-forest-loss | Tree cover loss by year | Year of loss at 30 m.
    2 | 6f1d0d3e-polar-ice-charts | Ice charts of the polar seas | Weekly charts of ice concentration.
    2 | 6f1d0d3e-glacier-outlines | Glacier outlines and elevation change | Outlines of some 200,000 glaciers.
    2 | 6f1d0d3e-permafrost | Permafrost extent and temperature | Boreholes and modelled extent.
    3 | sr:occurrences:birds | Bird observations, checked | Observations checked by experts.
    3 | sr:occurrences:pollinators | Pollinators: bees and hoverflies | Observations of wild pollinators.
    3 | sr:invasive-species | Invasive species, first records | First records by region and year.
    3 | sr:herbarium-sheets | Herbarium sheets, scanned | Scans and labels of herbarium sheets.
    4 | rg-discharge-daily | River discharge, daily means | Daily means at 4,000 gauges.
    4 | rg-flood-marks | Flood marks and high-water levels | Marks with date, height and source.
    4 | rg-water-temperature | Water temperature of large rivers | Hourly water temperature.
    4 | rg-groundwater-levels | Groundwater levels at observation wells | Depth of the water table, daily.
    5 | aq-hourly-no2 | Nitrogen dioxide, hourly | Hourly concentration at stations.
    5 | aq-hourly-pm25 | Fine particles PM2.5, hourly | Hourly concentration at stations.
    5 | aq-pollen-index | Pollen index by region | Daily index of twelve taxa.
    5 | aq-station-register | Register of air monitoring stations | Place, type and instruments of stations.
"""


def _shared(line: str) -> Shared:
    host, identifier, title, description = _split(line)
    return Shared(identifier, title, SHARED_HOSTS[int(host)], SHARED_PUBLISHERS[int(host)], description)


SHARED = tuple(_shared(line) for line in _SHARED.strip().splitlines())
"""Datasets that publishers on both portals publish: identifier and title are the same everywhere."""

_PLACE_STEMS = _split("""
    Aubrac | Belcastel | Brévoise | Cantelou | Charmeuil | Clairvaux | Courbières | Dampvilly |
    Ébréville | Fontenelle | Garrigoux | Guérande | Hautecombe | Issoudre | Jonquières | Kerlévenan |
    Lamarque | Lanvéoc | Lévignac | Malbrouck | Mérignol | Montferrand | Nérondes | Orcival |
    Plouzévet | Quincieux | Rochebrune | Saint-Aubin | Saint-Élix | Sarlande | Tréguidel | Uzerval |
    Valmondois | Vézac | Yvetôt
""")
_PLACE_TAILS = _split("""
     | -sur-Orge | -les-Bains | -la-Forêt | -en-Vexin | -sous-Bois | -le-Vieux | -sur-Mer |
    -d'Ardèche | -lès-Tours | -en-Brie | -l'Étang
""")

COMMUNES = tuple(stem + tail for tail in _PLACE_TAILS for stem in _PLACE_STEMS)
"""Invented names of communes."""

REGIONS = _split("""
    Bretagne | Occitanie | Nouvelle-Aquitaine | Grand Est | Hauts-de-France | Normandie |
    Pays de la Loire | Île-de-France | La Réunion | Corse | Bourgogne-Franche-Comté |
    Auvergne-Rhône-Alpes
""")

_BODIES = _split("""
    Ville de {commune}= | Communauté de communes de {commune}= | Métropole de {commune}= |
    Département de {commune}= | Région {region}= | Agence de l'eau {region}=AE |
    Observatoire de l'air {region}=OAR | Conservatoire botanique {region}=CBN |
    Service des données foncières {region}=SDF | Office du littoral {region}=OFL |
    Syndicat mixte numérique de {commune}=SMN | Université de {commune}=
""")
BODIES = tuple((name, acronym or None) for name, _, acronym in (body.partition("=") for body in _BODIES))
"""Patterns of names of bodies (``{commune}``, ``{region}``), with their acronym or None."""

FIRST_NAMES = _split("""
    Élise | Daniel | Aïcha | Noémie | Loïc | Mathilde | Gaël | Inès | Théo | Françoise | Zoé | Yann |
    Chloé | Jérôme
""")
LAST_NAMES = _split("""
    Gauthier | Guillot | Lefèvre | Benaïssa | Moreau | Le Goff | Perez | Rousseau | Nguyen |
    Chevallier | Dubois | Hernandez | Bousquet | Fontaine
""")
THEMES = _split("""
    Arbres d'alignement | Zones d'activités économiques | Budget primitif | Qualité de l'air |
    Plan local d'urbanisme | Points d'apport volontaire | Pistes cyclables | Stationnement payant |
    Équipements sportifs | Écoles et collèges | Subventions versées | Marchés publics |
    Réseau d'eau potable | Zones inondables | Cadastre solaire | Bornes de recharge |
    Menus des cantines | Fréquentation des médiathèques | Délibérations | Éclairage public |
    Parcelles agricoles | Sites Natura 2000 | Orthophotographie | Accidents de la route |
    Arrêts de bus | Population par îlot | Monuments historiques | Consommation d'énergie |
    Sentiers de randonnée | Cours d'eau
""")
ENGLISH_THEMES = _split("""
    Street trees | Bike counters | Public procurement | Noise map | Bathing water quality |
    Land parcels
""")
