"""What people in the chain of custody say, as values: items, events, sightings; and how the database has them."""

import itertools

from support import contract
from support.contract import event_pb, item_pb, now_us, sighting_pb, telemetry_pb

Kind = item_pb.ItemKind
Scheme = item_pb.IdentifierScheme
S_US, DAY_US = 1_000_000, 86400 * 1_000_000
PHYSICAL = {0: "none", 1: "booked", 2: "in_transit", 3: "at_yard", 4: "depolluted", 5: "dismantled", 6: "removed", 8: "wiped",
            9: "wipe_verified", 20: "destroyed", 21: "smelted", 30: "reman_released", 32: "reuse_marked", 34: "wiped_resold"}
LEGAL = {0: "none", 1: "verified", 2: "quarantined", 3: "supervised", 4: "certified", 5: "dereg_pending", 6: "deregistered"}
BAN = {0: None, 1: "banned", 2: "for good"}
FIVE_ASSEMBLIES = ("ENGINE", "STEERING", "GEARBOX", "FRONT_AXLE", "REAR_AXLE", "FRAME")
_numbers = itertools.count(1)


def new_vin():
    """Valid by GB 16735: the ninth character is the check digit."""
    values = {**{str(digit): digit for digit in range(10)}, **dict(zip("ABCDEFGH", range(1, 9))), **dict(zip("JKLMN", range(1, 6))),
              "P": 7, "R": 9, **dict(zip("STUVWXYZ", range(2, 10)))}
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    text = f"LSVAA49J0320{next(_numbers):05}"
    check = sum(values[character] * weight for character, weight in zip(text, weights)) % 11
    return text[:8] + "0123456789X"[check] + text[9:]


def new_imei():
    """15 digits, the last one by Luhn."""
    text = f"35693803{next(_numbers):06}"
    total = sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(text))
    return text + str(-total % 10)


def new_tag():
    return f"TAG-{next(_numbers):06}"


def identifier(scheme, value):
    return item_pb.Identifier(scheme=Scheme.Value(f"IDENTIFIER_SCHEME_{scheme}"), value=value)


def item(kind, **identifiers):
    """item("VEHICLE", VIN="...", PLATE="...")"""
    return item_pb.ItemRef(kind=Kind.Value(f"ITEM_KIND_{kind}"), identifiers=[identifier(*pair) for pair in identifiers.items()])


def vehicle(vin, **identifiers):
    return item("VEHICLE", VIN=vin, **identifiers)


def event(word, subject, at_us, **fields):
    return event_pb.Event(event_id=contract.new_id(), type=event_pb.EventType.Value(f"EVENT_TYPE_{word}"), at_us=at_us, item=subject, **fields)


def mass(grams):
    return telemetry_pb.Mass(mass_g=grams)


def photos():
    return [event_pb.Evidence(kind=kind, sha256=contract.sha256(bytes([kind]))) for kind in (1, 2)]


PICKUP = event_pb.Pickup(reason=event_pb.SCRAP_REASON_VOLUNTARY, vehicle_class=event_pb.VEHICLE_CLASS_SMALL_PASSENGER)
TRUCK_PICKUP = event_pb.Pickup(reason=event_pb.SCRAP_REASON_COMPULSORY, vehicle_class=event_pb.VEHICLE_CLASS_TRUCK)
CLEAN = event_pb.Inspection(vin=1, engine_number=1, plate=1)
PASSED = event_pb.Wipe(method="overwrite", tool="test 1", passed=True)


def assemblies(parts=FIVE_ASSEMBLIES):
    """Catalyst and battery are accounted for as missing, with a written statement."""
    return event_pb.Composition(parts=[event_pb.Part(item=item(kind, TAG=new_tag())) for kind in parts],
                                declared_missing=[Kind.Value("ITEM_KIND_CATALYST"), Kind.Value("ITEM_KIND_LEAD_ACID_BATTERY")])


def scrapping(vin, start_us, pickup=PICKUP):
    """What a car goes through, in order: word -> (who says it, event). One hour apart; its parts are smelted before it is destroyed."""
    car, number, composition = vehicle(vin), event_pb.Certificate(number=f"350504-{vin[-5:]}"), assemblies()
    steps = {
        "PICKED_UP": ("truck", {"pickup": pickup}),
        "INTAKE": ("truck", {"site": "yard-1", "mass": mass(1_234_500)}),
        "INSPECTED": ("truck", {"site": "yard-1", "inspection": CLEAN}),
        "CERT_ISSUED": ("truck", {"certificate": number}),
        "DEPOLLUTED": ("truck", {"site": "yard-1"}),
        "DISMANTLED": ("truck", {"site": "yard-1", "composition": composition, "evidence": photos()}),
        "DEREG_FILED": ("truck", {"certificate": number}),
        "DEREGISTERED": ("office", {"certificate": number}),
        "DESTROYED": ("truck", {"site": "yard-1"}),
    }
    told = {word: (who, event(word, car, start_us + n * 3600 * S_US, **fields)) for n, (word, (who, fields)) in enumerate(steps.items())}
    smelted = {f"SMELTED {n}": ("truck", event("SMELTED", part.item, told["DISMANTLED"][1].at_us + (n + 1) * S_US, counterparty="mill-1",
                                               release=event_pb.Release(buyer_class=event_pb.BUYER_CLASS_STEEL_MILL)))
               for n, part in enumerate(composition.parts)}
    destroyed = told.pop("DESTROYED")
    return {**told, **smelted, "DESTROYED": destroyed}


def sighting(at_us=None, text=None, title="", kind="LISTING", item_kind="VEHICLE", **identifiers):
    listing = {} if text is None else {"listing": sighting_pb.Listing(platform="闲置", listing_id=f"L-{next(_numbers)}", title=title, text=text)}
    return sighting_pb.Sighting(
        sighting_id=contract.new_id(), kind=sighting_pb.SightingKind.Value(f"SIGHTING_KIND_{kind}"), at_us=at_us or now_us() - S_US,
        item_kind=Kind.Value(f"ITEM_KIND_{item_kind}"), identifiers=[identifier(*pair) for pair in identifiers.items()], **listing)


class Chain:
    """The people of a world, one source each, and what the database makes of what they say."""

    def __init__(self, world):
        self.world = world
        # Of recycler-1, recycler-2, the platform, the police, the vehicle office, the commerce bureau.
        self.people = {name: world.device(name) for name in ("truck", "handheld", "market", "police", "office", "commerce")}

    def say(self, who, *events):
        return self._deliver(who, events=list(events))

    def see(self, *sightings, who="market"):
        return self._deliver(who, sightings=list(sightings))

    def _deliver(self, who, **fields):
        sealed = self.people[who].say(**fields)
        self.people[who].await_ack(sealed)
        assert self.world.indexes_of(sealed, 1), self.people[who].acks[-1]
        return sealed

    def item_id(self, value):
        return self.world.value("SELECT item_id FROM custody.identifier WHERE value = %s", value)

    def state(self, value):
        """(physical, legal, ban, holder) in words."""
        ((physical, legal, ban, holder),) = self.world.sql(
            "SELECT physical, legal, ban, p.code FROM custody.item LEFT JOIN registry.party p ON p.party_id = holder_party_id"
            " WHERE item_id = %s", self.item_id(value))
        return PHYSICAL[physical], LEGAL[legal], BAN[ban], holder

    def site(self, value):
        """Code of the site where it is, or None."""
        return self.world.value("SELECT s.code FROM custody.item LEFT JOIN registry.site s USING (site_id) WHERE item_id = %s",
                                self.item_id(value))

    def flags(self, value, rule=None):
        """(rule, key, state, severity) of everything found about the item that this identifier names."""
        return self.world.sql("SELECT rule, key, state, severity FROM flag.flag WHERE subject = %s AND rule = coalesce(%s, rule)"
                              " ORDER BY rule, key", f"item:{self.item_id(value)}", rule)

    def rules(self, value):
        return {rule for rule, _, state, _ in self.flags(value) if state == "new"}

    def actions(self, value, rule):
        return self.world.sql("SELECT from_state, to_state, actor FROM flag.action JOIN flag.flag USING (flag_id) WHERE subject = %s"
                              " AND rule = %s ORDER BY action_id", f"item:{self.item_id(value)}", rule)

    def evidence(self, value, rule):
        return {index for (index,) in self.world.sql("SELECT log_index FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE subject = %s"
                                                     " AND rule = %s", f"item:{self.item_id(value)}", rule)}

    def verdict(self, value):
        document, code = self.world.json("verdict", value)
        assert (code == 0) == (document["verdict"] == "allowed"), document
        assert document["reason_zh"] and document["reason_en"]
        return document["verdict"]
