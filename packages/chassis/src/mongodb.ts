export { mongodb, type Mongodb, type MongodbOptions } from './datastores/mongodb.js';
