"""The English and Spanish vocabulary of the Data.gov-style world: bodies, places, themes, phrases."""

from __future__ import annotations


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split("|"))


FEDERAL = _split("""
    Bureau of Coastal Waters=bcw | Federal Rail Safety Office=frso | National Soil and Crop Service=nscs |
    Office of Public Lands Records=oplr | Space Weather Administration=swa |
    Department of Harbors and Inland Ports=dhip
""")
OTHERS = _split("""
    State of Jefferson=State Government | State of New Albany=State Government |
    City of Port Harlan=City Government | City of Las Lomas=City Government |
    Marlow County, Jefferson=County Government | University of the North Slope, Mapping Center=University |
    Two Rivers Nation=Tribal | OpenHarlan=Non-Profit
""")
"""Bodies that are not federal, with their type."""

PLACES = _split("""
    Alder Creek | Bent Fork | Cedar Bluff | Dry Lake | Eagle Pass | Fort Lowell | Granite Bay | Harper Flats |
    Iron Springs | Juniper Hill | Kettle River | Long Meadow | Marlow | North Bend | Osage Point | Port Harlan |
    Quail Ridge | Red Mesa | Silver Cove | Twin Forks | Upper Sandy | Verde Valley | Willow Run | Yellow Pine
""")
THEMES = _split("""
    Air quality monitoring sites | Annual budget | Bathymetric survey lines | Beach closures |
    Boundary of service areas | Bridge inspections | Building permits | Business licenses | Census of agriculture |
    Charging stations | Contract awards | Crash locations | Crop acreage reports | Drinking water violations |
    Elevation contours | Employee salaries | Energy use of public buildings | Enforcement actions |
    Evacuation routes | Farmers markets | Fishing licenses sold | Flood hazard zones | Freight rail crossings |
    Grants awarded | Historic landmarks | Hospital capacity | Library visits | Mine inspections |
    Noise complaints | Oil and gas wells | Parcels and ownership | Park facilities | Pavement condition |
    Payments to vendors | Police incidents | Property assessments | Restaurant inspections | School enrollment |
    Sea surface temperature | Snow depth stations | Solar wind measurements | Storm drain inlets |
    Street centerlines | Survey of households | Traffic counts | Transit ridership | Tree canopy cover |
    Vaccination coverage | Voting precincts | Wetlands inventory
""")
SPANISH = _split("""
    Calidad del agua potable | Inspecciones de restaurantes | Límites de los distritos escolares |
    Permisos de construcción | Rutas del autobús | Servicios para personas mayores | Árboles de las calles |
    Zonas de inundación
""")
KEYWORDS = _split("""
    administrative boundaries | agriculture | air | bathymetry | boundaries | bridges | budget | business |
    climate | contracts | crashes | crops | economy | education | elevation | energy | environment | finance |
    fisheries | flooding | geospatial | grants | health | hydrography | imagery | infrastructure | inspections |
    land cover | licenses | navigation | oceans | parcels | parks | permits | public safety | rail | roads |
    soils | transportation | water quality | wetlands | wildlife
""")
PLACEHOLDERS = ("__", "none", "n/a", "TBD", "keyword")
"""What publishers write where a keyword is required."""

PURPOSES = _split("""
    Compiled from field reports and reviewed once a year. | Used for planning and for public information. |
    Collected under a data sharing agreement with the counties. | Provisional values may change after review. |
    One row per site and visit. | Geometry is generalised for display at 1:24,000. |
    Fields are described in the data dictionary. | Older years were digitised from paper records.
""")
LICENSES = (
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://www.usa.gov/government-works",
    "https://creativecommons.org/licenses/by/4.0/",
    "http://opendefinition.org/licenses/odc-odbl/",
)
PERIODS = ("R/P1Y", "R/P1M", "R/P1W", "R/P1D", "irregular")
FORMATS = (
    ("CSV", "text/csv", "csv"),
    ("JSON", "application/json", "json"),
    ("GeoJSON", "application/geo+json", "geojson"),
    ("Shapefile", "application/zip", "zip"),
    ("PDF", "application/pdf", "pdf"),
    ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
)
PEOPLE = (
    "Open Data Desk",
    "GIS Coordinator",
    "Office of the Chief Data Officer",
    "Dana Whitlock",
    "José Ibáñez",
)
