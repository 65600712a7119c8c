CREATE INDEX `tag_by_participant_id` ON `tag` (`participant_id`);

CREATE INDEX `alignment_by_participant_id` ON `alignment` (`participant_id`);
