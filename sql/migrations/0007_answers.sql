-- 0007_answers.sql - the two schemas that answer questions: report for views, api for the functions behind programs.
--
-- What is in them is repeatable: views/ and api/.

CREATE SCHEMA report;
COMMENT ON SCHEMA report IS 'Views for people: who reads one sees what that role may see in the tables below.';

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'Functions that return finished JSON documents, under the caller''s own role.';
