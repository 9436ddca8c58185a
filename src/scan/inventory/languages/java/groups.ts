/**
 * Groups of artifacts that are much used and do not carry Maven's files, so that their archives do not name them.
 * A name that ends with a hyphen stands for all that begin with it; the first one counts.
 */
const known: readonly (readonly [group: string, ...artifacts: string[]])[] = [
  ["de.codecentric", "spring-boot-admin-"],
  ["org.springframework.boot", "spring-boot", "spring-boot-"],
  ["org.springframework.security", "spring-security-"],
  ["org.springframework.kafka", "spring-kafka"],
  ["org.springframework.session", "spring-session-"],
  ["org.springframework.integration", "spring-integration-"],
  ["org.springframework.graphql", "spring-graphql"],
  ["org.springframework.retry", "spring-retry"],
  ["org.springframework.batch", "spring-batch-"],
  ["org.springframework.amqp", "spring-amqp", "spring-rabbit"],
  [
    "org.springframework",
    ...["spring-aop", "spring-aspects", "spring-beans", "spring-context", "spring-context-indexer"],
    ...["spring-context-support", "spring-core", "spring-expression", "spring-instrument", "spring-jcl"],
    ...["spring-jdbc", "spring-jms", "spring-messaging", "spring-orm", "spring-oxm", "spring-r2dbc"],
    ...["spring-test", "spring-tx", "spring-web", "spring-webflux", "spring-webmvc", "spring-websocket"],
  ],
  ["org.apache.tomcat.embed", "tomcat-embed-"],
  ["org.apache.tomcat", "tomcat-"],
  ["org.apache.lucene", "lucene-"],
  ["org.apache.kafka", "kafka-clients", "kafka-streams", "connect-api", "connect-runtime"],
  ["org.bouncycastle", "bcprov-", "bcpkix-", "bcutil-", "bcpg-", "bctls-", "bcmail-", "bc-fips"],
  ["org.jetbrains.kotlin", "kotlin-stdlib", "kotlin-stdlib-", "kotlin-reflect"],
  ["com.squareup.okhttp3", "okhttp", "okhttp-", "logging-interceptor"],
  ["com.squareup.okio", "okio", "okio-jvm"],
  ["com.squareup.retrofit2", "retrofit"],
  ["io.micrometer", "micrometer-"],
  ["io.projectreactor.netty", "reactor-netty", "reactor-netty-"],
  ["io.projectreactor", "reactor-core"],
  ["io.grpc", "grpc-"],
  ["io.opentelemetry", "opentelemetry-"],
  ["org.elasticsearch", "elasticsearch"],
  ["org.codehaus.groovy", "groovy-all"],
  ["com.google.protobuf", "protobuf-"],
  ["com.h2database", "h2"],
  ["org.lz4", "lz4-java"],
  ["org.checkerframework", "checker-qual"],
  ["io.perfmark", "perfmark-api"],
  ["mysql", "mysql-connector-java"],
  ["com.mysql", "mysql-connector-j"],
  ["org.postgresql", "postgresql"],
];

/**
 * The group that an artifact belongs to: by its name; else what its manifest suggests, which is a guess; null where it
 * suggests none.
 */
export function groupOf(
  artifact: string,
  vendorId?: string,
  symbolicName?: string,
): { readonly group: string | null; readonly isGuess: boolean } {
  const matches = (name: string) => (name.endsWith("-") ? artifact.startsWith(name) : artifact === name);
  const group = known.find(([, ...artifacts]) => artifacts.some(matches))?.[0];
  if (group !== undefined) return { group, isGuess: false };
  const guess = groupInManifest(artifact, vendorId, symbolicName);
  return { group: guess, isGuess: guess !== null };
}

/** A bundle's symbolic name is, as a rule, the group, a dot, and what the artifact is called within it. */
function groupInManifest(artifact: string, vendorId = "", symbolicName = ""): string | null {
  if (symbolicName.endsWith(`.${artifact}`))
    return groupIn(symbolicName, symbolicName.length - artifact.length - 1);
  if (/^[\w-]+(?:\.[\w-]+)+$/.test(vendorId)) return vendorId;
  const dot = symbolicName.lastIndexOf(".");
  return dot > 0 ? groupIn(symbolicName, dot) : null;
}

/** The name up to there, or all of it: `org` is nobody's group. */
function groupIn(symbolicName: string, end: number): string {
  const group = symbolicName.slice(0, end);
  return group.includes(".") ? group : symbolicName;
}
