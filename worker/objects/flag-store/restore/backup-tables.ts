/** What a backup does with the store's tables. A new table has a place here, which a test sees to. */
export const TABLES = {
  /** The truth: carried by backups, replaced by a restore. Documents of every entity are among it. */
  carried: ["meta", "document", "list_shard", "audit", "audit_more"],
  /** Belongs to what a restore replaces. */
  emptied: [
    "command",
    "change_log",
    "first_served",
    "list_outbox",
    "list_upload",
    "list_part",
    "ledger_owed",
    "derived",
    "document_count",
    "document_mention",
    "rendered_entry",
    "rendered_block",
    "render_owed",
    "render_sweep",
  ],
  /** Publication, clean-up and observations, which go on. */
  kept: [
    "migration",
    "outbox",
    "published",
    "snapshot_part",
    "retired",
    "block_unwritten",
    "kept_value",
    "restore_part",
    "centre",
    "flag_asked",
    "attribute_seen",
    "trigger_call",
    "trigger_episode",
    "trigger_minute",
    "notice",
    "usage_reporter",
    "usage_total",
    "usage_month",
    "delivery_event",
    "taken_back",
  ],
} as const;

/** What is written; older ones are still read. */
export const BACKUP_FORMAT = "blastdoor-backup-2";
