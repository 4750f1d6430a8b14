import { authenticateCustomer, defaults, sendOtp, updateCustomer, updateCustomerByForm } from './generated/oazapfts.ts';
import { API_URL, PHONE, picture, readCode, show } from './phone.ts';

defaults.baseUrl = API_URL;
await sendOtp({ phone_number: PHONE, otp_type: 'customer_auth' });
const signedIn = await authenticateCustomer({
  phone_number: PHONE,
  otp: await readCode(),
  device: { registration_id: PHONE },
  language: 'en',
});
if (signedIn.status !== 200 && signedIn.status !== 201) throw new Error(JSON.stringify(signedIn.data));
defaults.headers = { authorization: `Bearer ${signedIn.data.access}` };
await updateCustomer({ full_name: 'Client' });
const uploaded = await updateCustomerByForm({ image: picture });
if (uploaded.status !== 200) throw new Error(JSON.stringify(uploaded.data));
show(uploaded.data);
