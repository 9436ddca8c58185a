/** A body as Notary's clients write it: a part for each role, under its full name. */
export function multipart(parts: readonly (readonly [fileName: string, content: Uint8Array | string])[]) {
  const boundary = "2ec6f1f5a8b7c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2";
  const chunks = parts.flatMap(([fileName, content]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
  const opening = parts.length === 0 ? "\r\n" : "";
  return {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(opening), ...chunks, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
