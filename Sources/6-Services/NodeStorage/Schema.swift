import GRDB

/// The tables of `waystation.sqlite` and how older ones become these.
///
/// A migration that was released is never changed; a new one is added below it.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: records, routing table, peers") { database in
            // Rows are found by their whole key only, so the key is the table: no row ids, no second index.
            try database.execute(
                sql: """
                    CREATE TABLE provider (
                        dht TEXT NOT NULL, key BLOB NOT NULL, peer BLOB NOT NULL,
                        addresses BLOB NOT NULL, received INTEGER NOT NULL,
                        PRIMARY KEY (dht, key, peer)
                    ) WITHOUT ROWID;
                    CREATE TABLE value (
                        dht TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, received INTEGER NOT NULL,
                        PRIMARY KEY (dht, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE routing (
                        dht TEXT NOT NULL, peer BLOB NOT NULL, addresses BLOB NOT NULL,
                        PRIMARY KEY (dht, peer)
                    ) WITHOUT ROWID;
                    CREATE TABLE peer (id BLOB NOT NULL PRIMARY KEY, known BLOB NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2: rendezvous registrations") { database in
            try database.execute(
                sql: """
                    CREATE TABLE registration (
                        namespace TEXT NOT NULL, peer BLOB NOT NULL, record BLOB NOT NULL,
                        expiry INTEGER NOT NULL, sequence INTEGER NOT NULL,
                        PRIMARY KEY (namespace, peer)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3: announcements") { database in
            try database.execute(
                sql: """
                    CREATE TABLE announcement (
                        dht TEXT NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL, told INTEGER,
                        PRIMARY KEY (dht, kind, key)
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}
