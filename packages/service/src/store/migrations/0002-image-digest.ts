/** What the job's image was when it was made ready; a tag may mean another image tomorrow. */
export const imageDigest = `
alter table processing_job add column image_digest text;
`;
