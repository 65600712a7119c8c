ALTER TABLE `collaboration` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `project` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `experiment` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `run` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `participant` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `registration` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `tag` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `alignment` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `model` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `validation` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `prediction` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `mlflow` ADD COLUMN `created_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, ADD COLUMN `updated_by` VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
