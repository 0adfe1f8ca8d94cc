import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])`;

const CATALOG = `${LINK}
type Query {
  products: [Product!]
}
type Product @key(fields: "id") {
  id: ID!
  name: String!
}
`;

const REVIEWS = `${LINK}
type Query {
  latestReviews: [Review!]
}
type Review {
  text: String!
}
type Product @key(fields: "id") {
  id: ID!
  rating: Int
  reviews: [Review!]
}
`;

/**
 * The schema of a shop whose products are in one service and their reviews in another.
 *
 * @param urls where the library alone asks them; our gateway takes addresses from its environment.
 */
export function composeShop(urls: { catalog: string; reviews: string }): string {
  const { supergraphSdl, errors } = composeServices([
    { name: 'catalog', typeDefs: parse(CATALOG), url: `${urls.catalog}/graphql` },
    { name: 'reviews', typeDefs: parse(REVIEWS), url: `${urls.reviews}/graphql` },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'));
  return supergraphSdl;
}

/** Asks catalog, then reviews about each of its products. */
export const QUERY = 'query Shop { products { id name rating reviews { text } } }';

/** What a gateway has to answer. */
export const ANSWER = {
  data: {
    products: Array.from({ length: 10 }, (_, index) => ({
      id: String(index),
      name: `product ${index}`,
      rating: index % 5,
      reviews: [{ text: `review of ${index}` }, { text: `another review of ${index}` }],
    })),
  },
};
