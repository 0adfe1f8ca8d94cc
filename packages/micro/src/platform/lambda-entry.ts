/** The module with the handler of a Lambda function, relative to the project. */
export const LAMBDA_ENTRY = 'src/lambda.ts';
