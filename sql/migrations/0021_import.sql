-- 0021_import.sql - sightings that were imported are found by their id, so that a file that is imported again stores nothing twice.

-- Of version 8 (RFC 9562) alone, which imports give: feeds of marketplaces use others, and pay nothing for this index.
CREATE INDEX sighting_imported ON reentry.sighting (sighting_id) WHERE get_byte(uuid_send(sighting_id), 6) >> 4 = 8;
