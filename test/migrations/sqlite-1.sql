CREATE TABLE IF NOT EXISTS `collaboration` (
  `collab_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `project` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`),
  CONSTRAINT `project_collaboration` FOREIGN KEY (`collab_id`) REFERENCES `collaboration` (`collab_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `experiment` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `expt_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `expt_id`),
  CONSTRAINT `experiment_project` FOREIGN KEY (`collab_id`, `project_id`) REFERENCES `project` (`collab_id`, `project_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `run` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `expt_id` TEXT NOT NULL,
  `run_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `expt_id`, `run_id`),
  CONSTRAINT `run_experiment` FOREIGN KEY (`collab_id`, `project_id`, `expt_id`) REFERENCES `experiment` (`collab_id`, `project_id`, `expt_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `participant` (
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`participant_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `registration` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `registration_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `participant_id`),
  CONSTRAINT `registration_project` FOREIGN KEY (`collab_id`, `project_id`) REFERENCES `project` (`collab_id`, `project_id`),
  CONSTRAINT `registration_participant` FOREIGN KEY (`participant_id`) REFERENCES `participant` (`participant_id`)
) STRICT;

CREATE INDEX IF NOT EXISTS `registration_participant_id` ON `registration` (`participant_id`);

CREATE TABLE IF NOT EXISTS `tag` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `tag_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `participant_id`),
  CONSTRAINT `tag_registration` FOREIGN KEY (`collab_id`, `project_id`, `participant_id`) REFERENCES `registration` (`collab_id`, `project_id`, `participant_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `alignment` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `alignment_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `participant_id`),
  CONSTRAINT `alignment_tag` FOREIGN KEY (`collab_id`, `project_id`, `participant_id`) REFERENCES `tag` (`collab_id`, `project_id`, `participant_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `model` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `expt_id` TEXT NOT NULL,
  `run_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `model_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `expt_id`, `run_id`),
  CONSTRAINT `model_run` FOREIGN KEY (`collab_id`, `project_id`, `expt_id`, `run_id`) REFERENCES `run` (`collab_id`, `project_id`, `expt_id`, `run_id`)
) STRICT;

CREATE TABLE IF NOT EXISTS `validation` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `expt_id` TEXT NOT NULL,
  `run_id` TEXT NOT NULL,
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `val_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `expt_id`, `run_id`, `participant_id`),
  CONSTRAINT `validation_run` FOREIGN KEY (`collab_id`, `project_id`, `expt_id`, `run_id`) REFERENCES `run` (`collab_id`, `project_id`, `expt_id`, `run_id`),
  CONSTRAINT `validation_participant` FOREIGN KEY (`participant_id`) REFERENCES `participant` (`participant_id`)
) STRICT;

CREATE INDEX IF NOT EXISTS `validation_participant_id` ON `validation` (`participant_id`);

CREATE TABLE IF NOT EXISTS `prediction` (
  `collab_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `expt_id` TEXT NOT NULL,
  `run_id` TEXT NOT NULL,
  `participant_id` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `pred_id` TEXT NOT NULL UNIQUE,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collab_id`, `project_id`, `expt_id`, `run_id`, `participant_id`),
  CONSTRAINT `prediction_run` FOREIGN KEY (`collab_id`, `project_id`, `expt_id`, `run_id`) REFERENCES `run` (`collab_id`, `project_id`, `expt_id`, `run_id`),
  CONSTRAINT `prediction_participant` FOREIGN KEY (`participant_id`) REFERENCES `participant` (`participant_id`)
) STRICT;

CREATE INDEX IF NOT EXISTS `prediction_participant_id` ON `prediction` (`participant_id`);

CREATE TABLE IF NOT EXISTS `mlflow` (
  `collaboration` TEXT NOT NULL,
  `project` TEXT NOT NULL,
  `record` TEXT NOT NULL,
  `name` TEXT NOT NULL,
  `record_id` INTEGER PRIMARY KEY AUTOINCREMENT,
  `details` TEXT NOT NULL,
  `created_at` TEXT NOT NULL,
  `updated_at` TEXT NOT NULL,
  `etag` TEXT NOT NULL,
  UNIQUE (`collaboration`, `project`, `record`, `name`)
) STRICT;
