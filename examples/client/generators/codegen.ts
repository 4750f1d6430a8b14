import {
  AuthenticateCustomerRequest,
  AuthService,
  CustomersService,
  OpenAPI,
  SendOTPRequest,
} from './generated/codegen';
import { API_URL, PHONE, picture, readCode, show } from './phone.ts';

OpenAPI.BASE = API_URL;
await AuthService.sendOtp({ phone_number: PHONE, otp_type: SendOTPRequest.otp_type.CUSTOMER_AUTH });
const { access } = await CustomersService.authenticateCustomer({
  phone_number: PHONE,
  otp: await readCode(),
  device: { registration_id: PHONE },
  language: AuthenticateCustomerRequest.language.EN,
});
OpenAPI.TOKEN = access;
await CustomersService.updateCustomer('en', { full_name: 'Client' });
show(await CustomersService.updateCustomerByForm('en', { image: picture }));
