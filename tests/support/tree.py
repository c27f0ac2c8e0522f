"""The log's tree in the database, all of it, against the definition; and its tiles as whoever follows the log reads them."""

from support import ledger

EDGES = ", ".join(f"edge_{level}" for level in range(1, 8))


def read(database):
    """(tree over all records, head, full tiles) of one moment."""
    with database.connect(autocommit=False) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        leaves = connection.execute("SELECT leaf_hash FROM ledger.record ORDER BY log_index").fetchall()
        head = connection.execute(f"SELECT size, root, frontier, {EDGES} FROM ledger.head").fetchone()
        tiles = connection.execute("SELECT level, tile_index, hashes FROM ledger.tile").fetchall()
    return ledger.Tree([leaf for (leaf,) in leaves]), head, {(level, index): hashes for level, index, hashes in tiles}


def check(database, devices=()):
    """Size, root, frontier, edges and every tile; and every note that the devices were given."""
    tree, (size, root, frontier, *edges), tiles = read(database)
    assert (size, root, frontier) == (tree.size, tree.root(), tree.frontier())
    assert [level for level, edge in enumerate(edges, 1) if edge != tree.edge(level)] == []
    expected = tree.full_tiles()
    assert tiles.keys() == expected.keys()
    assert [name for name, hashes in tiles.items() if hashes != expected[name]] == []
    check_notes(database, tree, [device.statement(ack) for device in devices for ack in device.acks if ack.note])
    return tree


def check_notes(database, tree, statements):
    """Each names the root of the tree at its size, and the record that is its chain's head."""
    hashes = dict(database.sql("SELECT log_index, sha256(record) FROM ledger.record WHERE log_index = ANY (%s)",
                               [statement.index for statement in statements]))
    for statement in statements:
        assert statement.index < statement.size <= tree.size, statement
        assert statement.root == tree.root(statement.size), statement
        assert hashes[statement.index] in (statement.chain, None), statement  # None: erased


class Tiles:
    """What a client of the log sees: full tiles from ledger.tile, the beginnings of others from the edges and the last records."""

    def __init__(self, database):
        self.database = database

    def tile(self, level, index):
        rows = self.database.sql("SELECT hashes FROM ledger.tile WHERE level = %s AND tile_index = %s", level, index)
        if rows:
            return rows[0][0]
        if level:
            return self.database.value(f"SELECT edge_{level} FROM ledger.head")
        return b"".join(leaf for (leaf,) in self.database.sql(
            "SELECT leaf_hash FROM ledger.record WHERE log_index >= %s ORDER BY log_index LIMIT 256", index * 256))

    def node(self, begin, end):
        """Hash of a subtree out of tiles alone: a perfect one out of the tile that it is in, another out of its two parts."""
        n = end - begin
        if n & (n - 1):
            k = begin + ledger.split(n)
            return ledger.sha256(b"\x01" + self.node(begin, k) + self.node(k, end))
        level = (n.bit_length() - 1) // 8
        first, count = begin // 256 ** level, n // 256 ** level
        hashes = self.tile(level, first // 256)[32 * (first % 256):][:32 * count]
        assert len(hashes) == 32 * count, f"no node [{begin}, {end}) in the tiles"
        return ledger.root_of([hashes[at:at + 32] for at in range(0, len(hashes), 32)])

    def inclusion_path(self, index, size):
        return ledger.inclusion_path(index, 0, size, self.node)
