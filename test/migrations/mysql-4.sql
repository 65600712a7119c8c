CREATE TABLE IF NOT EXISTS `archive_pending` (
  `pending_id` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `mark` CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `size` INTEGER NOT NULL,
  `changes` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE TABLE IF NOT EXISTS `archive_change` (
  `revision` BIGINT NOT NULL PRIMARY KEY,
  `mark` CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `kind` INTEGER NOT NULL,
  `record_type` INTEGER NOT NULL,
  `collab_id` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `project_id` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `expt_id` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `run_id` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `participant_id` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `collaboration` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `project` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `record` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `name` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `previous_etag` CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `etag` CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `deleted` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `changed_at` DATETIME(6) NOT NULL,
  `principal` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin,
  `request_id` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

CREATE INDEX `archive_change_by_key` ON `archive_change` (`collab_id`, `project_id`, `expt_id`, `run_id`);

CREATE INDEX `archive_change_by_participant` ON `archive_change` (`participant_id`);

CREATE INDEX `archive_change_by_mlflow` ON `archive_change` (`collaboration`, `project`, `record`, `name`);

CREATE INDEX `archive_change_by_kind` ON `archive_change` (`record_type`, `kind`);

CREATE TABLE IF NOT EXISTS `archive_history` (
  `id` INTEGER NOT NULL PRIMARY KEY,
  `history_id` CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `last` BIGINT NOT NULL,
  `compacted` BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

INSERT INTO `archive_history` (`id`, `history_id`, `last`, `compacted`) SELECT 1, LEFT(SHA2(CONCAT(UUID(), RAND(), CONNECTION_ID()), 256), 16), 0, 0 FROM (SELECT 1 AS one) n WHERE NOT EXISTS (SELECT 1 FROM `archive_history`);
