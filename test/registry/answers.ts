/** A refusal, read from an answer in the body that the specification ("Error Codes") asks for. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly detail: unknown;
}

/** Throws when the answer is no refusal, or one in another form. */
export async function refusal(response: Response): Promise<Refusal> {
  const text = await response.text();
  const { errors = [] } = JSON.parse(text) as {
    errors?: { code: string; message: string; detail?: unknown }[];
  };
  const [error] = errors;
  if (response.status < 400 || error === undefined || !/^[A-Z_]+$/.test(error.code) || error.message === "") {
    throw new Error(`${response.url}: ${response.status}, and not the specification's refusal: ${text}`);
  }
  return { status: response.status, code: error.code, message: error.message, detail: error.detail };
}

/** Status and code, for comparing. */
export async function refused(response: Response): Promise<string> {
  const { status, code } = await refusal(response);
  return `${status} ${code}`;
}
