"""Traccar as far as the gateway sees it: positions as its JSON, published with QoS 1 by a session of its own."""

import datetime
import json

from support.device import Connection

TOPIC = "traccar/positions"
KNOTS_PER_KMH = 1 / 1.852


def iso(at_us):
    return (datetime.datetime.fromtimestamp(at_us / 1e6, datetime.timezone.utc).isoformat(timespec="milliseconds"))


def message(unique_id, lon, lat, at_us, kmh=36.0, **position):
    """What Traccar 6 forwards for a JT/T 808 terminal (0x0200): PositionData with its nulls."""
    return {
        "position": {
            "id": 4711, "attributes": {"ignition": True, "status": 3, "odometer": 1234500, "sat": 11, "distance": 12.5,
                                       "totalDistance": 99.25, "motion": True},
            "deviceId": 7, "protocol": "jt808", "serverTime": iso(at_us + 800_000), "deviceTime": iso(at_us), "fixTime": iso(at_us),
            "outdated": False, "valid": True, "latitude": lat, "longitude": lon, "altitude": 21.0, "speed": kmh * KNOTS_PER_KMH,
            "course": 270.0, "address": None, "accuracy": 0.0, "network": None, "geofenceIds": None, **position},
        "device": {"id": 7, "attributes": {}, "groupId": 0, "calendarId": 0, "name": "truck", "uniqueId": unique_id, "status": "online",
                   "lastUpdate": iso(at_us), "positionId": 4710, "phone": None, "model": None, "contact": None, "category": None,
                   "disabled": False, "expirationTime": None}}


class Traccar:
    def __init__(self, stack):
        self.connection = Connection(stack.broker_socket, "traccar", ["unused"], lambda _: None)

    def send(self, payload):
        """Bytes as they are, or an object as JSON; what went out."""
        payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.connection.publish(TOPIC, payload)
        return payload

    def close(self):
        self.connection.close()
