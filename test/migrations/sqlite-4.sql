CREATE TABLE IF NOT EXISTS `archive_pending` (
  `pending_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `mark` TEXT NOT NULL,
  `size` INTEGER NOT NULL,
  `changes` TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS `archive_change` (
  `revision` INTEGER NOT NULL PRIMARY KEY,
  `mark` TEXT NOT NULL,
  `kind` INTEGER NOT NULL,
  `record_type` INTEGER NOT NULL,
  `collab_id` TEXT,
  `project_id` TEXT,
  `expt_id` TEXT,
  `run_id` TEXT,
  `participant_id` TEXT,
  `collaboration` TEXT,
  `project` TEXT,
  `record` TEXT,
  `name` TEXT,
  `previous_etag` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  `deleted` TEXT,
  `changed_at` TEXT NOT NULL,
  `principal` TEXT,
  `request_id` TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS `archive_change_by_key` ON `archive_change` (`collab_id`, `project_id`, `expt_id`, `run_id`);

CREATE INDEX IF NOT EXISTS `archive_change_by_participant` ON `archive_change` (`participant_id`);

CREATE INDEX IF NOT EXISTS `archive_change_by_mlflow` ON `archive_change` (`collaboration`, `project`, `record`, `name`);

CREATE INDEX IF NOT EXISTS `archive_change_by_kind` ON `archive_change` (`record_type`, `kind`);

CREATE TABLE IF NOT EXISTS `archive_history` (
  `id` INTEGER NOT NULL PRIMARY KEY,
  `history_id` TEXT NOT NULL,
  `last` INTEGER NOT NULL,
  `compacted` INTEGER NOT NULL
) STRICT;

INSERT INTO `archive_history` (`id`, `history_id`, `last`, `compacted`) SELECT 1, lower(hex(randomblob(8))), 0, 0 FROM (SELECT 1 AS one) n WHERE NOT EXISTS (SELECT 1 FROM `archive_history`);
