-- What every private server of scripts/database holds at its first start. MariaDB's bootstrap mode knows no accounts before it is told to load them.
FLUSH PRIVILEGES;
CREATE USER 'app'@'%' IDENTIFIED BY 'app';
GRANT ALL ON *.* TO 'app'@'%' WITH GRANT OPTION;
CREATE DATABASE app CHARACTER SET utf8mb4;
