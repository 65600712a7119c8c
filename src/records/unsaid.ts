/** What the server says of a record, where it says nothing: generated code wants each of these fields. */
export const unsaid = {
  record_id: 0n,
  created_at: undefined,
  updated_at: undefined,
  etag: "",
  relations: undefined,
  ancestors: undefined,
  created_by: "",
  updated_by: "",
  masked: [],
};
