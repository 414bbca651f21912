import FoundationEssentials
import GRDB
import Logging

// Opening the database, whatever state it is in.
extension NodeStorage {
    /// Opens the database of a folder. A file that is none, or is damaged, is put aside under another name and a new
    /// one is made: the records in it are copies of what others hold, and a node that starts is worth more than they.
    static func openDatabase(in folder: String, logger: Logger) throws(StorageError) -> DatabasePool {
        let path = folder + "/waystation.sqlite"
        do {
            return try openReadable(path)
        } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
            let aside = try putAside(path)
            logger.warning(
                "the database was unreadable and is kept under another name; a new one is made",
                metadata: ["kept": "\(aside)", "error": "\(error)"])
        } catch let error as StorageError {
            throw error
        } catch {
            throw StorageError(.notWritable, "cannot open \(path)", cause: error)
        }
        do {
            return try openReadable(path)
        } catch {
            throw StorageError(.notWritable, "cannot make \(path)", cause: error)
        }
    }

    private static func openReadable(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { database in
            // In WAL mode a commit survives the death of the process at once; only a power cut can take back the last
            // ones, which these records don't justify an fsync for.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        let migrator = Schema.migrator
        guard try !pool.read(migrator.hasBeenSuperseded) else {
            throw StorageError(
                .tooNew,
                "\(path) was made by a newer version of waystation; run that version, or choose another --data-dir")
        }
        let complaint = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard complaint == "ok" else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: complaint ?? "the database can't be checked")
        }
        try migrator.migrate(pool)
        return pool
    }

    /// Renames the database and the files beside it.
    private static func putAside(_ path: String) throws(StorageError) -> String {
        let files = FileManager.default
        var aside = path + ".unreadable"
        var number = 1
        while files.fileExists(atPath: aside) {
            number += 1
            aside = path + ".unreadable-\(number)"
        }
        do {
            for suffix in ["", "-wal", "-shm"] where files.fileExists(atPath: path + suffix) {
                try files.moveItem(atPath: path + suffix, toPath: aside + suffix)
            }
        } catch {
            throw StorageError(.notWritable, "cannot rename the unreadable database \(path)", cause: error)
        }
        return aside
    }
}
