ALTER TABLE `collaboration` ADD COLUMN `created_by` TEXT;

ALTER TABLE `collaboration` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `project` ADD COLUMN `created_by` TEXT;

ALTER TABLE `project` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `experiment` ADD COLUMN `created_by` TEXT;

ALTER TABLE `experiment` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `run` ADD COLUMN `created_by` TEXT;

ALTER TABLE `run` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `participant` ADD COLUMN `created_by` TEXT;

ALTER TABLE `participant` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `registration` ADD COLUMN `created_by` TEXT;

ALTER TABLE `registration` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `tag` ADD COLUMN `created_by` TEXT;

ALTER TABLE `tag` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `alignment` ADD COLUMN `created_by` TEXT;

ALTER TABLE `alignment` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `model` ADD COLUMN `created_by` TEXT;

ALTER TABLE `model` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `validation` ADD COLUMN `created_by` TEXT;

ALTER TABLE `validation` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `prediction` ADD COLUMN `created_by` TEXT;

ALTER TABLE `prediction` ADD COLUMN `updated_by` TEXT;

ALTER TABLE `mlflow` ADD COLUMN `created_by` TEXT;

ALTER TABLE `mlflow` ADD COLUMN `updated_by` TEXT;
