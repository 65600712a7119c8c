CREATE INDEX IF NOT EXISTS `registration_by_participant_id` ON `registration` (`participant_id`, `collab_id`, `project_id`);

DROP INDEX IF EXISTS `registration_participant_id`;

CREATE INDEX IF NOT EXISTS `tag_by_participant_id` ON `tag` (`participant_id`, `collab_id`, `project_id`);

CREATE INDEX IF NOT EXISTS `alignment_by_participant_id` ON `alignment` (`participant_id`, `collab_id`, `project_id`);

CREATE INDEX IF NOT EXISTS `validation_by_participant_id` ON `validation` (`participant_id`, `collab_id`, `project_id`, `expt_id`, `run_id`);

DROP INDEX IF EXISTS `validation_participant_id`;

CREATE INDEX IF NOT EXISTS `prediction_by_participant_id` ON `prediction` (`participant_id`, `collab_id`, `project_id`, `expt_id`, `run_id`);

DROP INDEX IF EXISTS `prediction_participant_id`;

PRAGMA application_id = 1398361665;
