import { checkedText } from './checked-text';
import { SERVICE_NAME, serviceNameProblem } from './name';

export const serviceName = checkedText(serviceNameProblem, SERVICE_NAME);
